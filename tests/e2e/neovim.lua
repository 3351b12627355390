-- One visit to a Python file in Neovim, as a client that diagnostics are pushed to.
-- What was seen goes to $LINEWISE_SEEN as JSON; a step that never comes about ends Neovim with an error.
local seen = {}
local pushes = {}

local function wait_for(what, condition)
  if not vim.wait(60000, condition, 10) then
    error("waited in vain for " .. what)
  end
end

local function visit()
  vim.cmd("edit " .. vim.fn.fnameescape(os.getenv("LINEWISE_FILE")))
  local buffer = vim.api.nvim_get_current_buf()
  local settings = vim.fn.json_decode(os.getenv("LINEWISE_SETTINGS"))
  local exit_code
  local show = vim.lsp.diagnostic.on_publish_diagnostics
  local id = vim.lsp.start_client({
    name = "linewise",
    cmd = vim.fn.json_decode(os.getenv("LINEWISE_COMMAND")),
    -- Which of the two counts depends on whether this version answers `workspace/configuration`.
    init_options = settings,
    settings = settings,
    root_dir = vim.fn.expand("%:p:h"),
    handlers = {
      ["textDocument/publishDiagnostics"] = function(failure, push, ...)
        table.insert(pushes, push)
        return show(failure, push, ...)
      end,
      -- Only the extension for VS Code shows these two.
      ["linewise/status"] = function() end,
      ["linewise/fileSummary"] = function() end,
    },
    on_exit = function(code)
      exit_code = code
    end,
  })
  vim.bo[buffer].filetype = "python"
  vim.lsp.buf_attach_client(buffer, id)
  local client = vim.lsp.get_client_by_id(id)

  wait_for("the answer to initialize", function()
    return client.initialized
  end)
  seen.pulls = client.server_capabilities.diagnosticProvider ~= nil

  wait_for("diagnostics", function()
    return #vim.diagnostic.get(buffer) > 0
  end)
  seen.diagnostics = vim.tbl_map(function(d)
    return { line = d.lnum, message = d.message, source = d.source, code = d.code }
  end, vim.diagnostic.get(buffer))

  local first = vim.diagnostic.get(buffer)[1]
  vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })
  vim.lsp.buf.hover()
  wait_for("the hover's window", function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= "" then
        local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
        seen.hover = table.concat(lines, "\n")
        return true
      end
    end
  end)

  local answers = vim.lsp.buf_request_sync(buffer, "workspace/executeCommand", {
    command = "linewise.server.querySpan",
    arguments = {
      {
        uri = vim.uri_from_bufnr(buffer),
        range = {
          start = { line = first.lnum, character = first.col },
          ["end"] = { line = first.end_lnum, character = first.end_col },
        },
      },
    },
  }, 60000)
  seen.span = answers[id].result

  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, {})
  wait_for("no diagnostics in an empty file", function()
    return #vim.diagnostic.get(buffer) == 0
  end)
  vim.cmd("undo")
  wait_for("diagnostics after the undo", function()
    return #vim.diagnostic.get(buffer) > 0
  end)
  seen.after_undo = #vim.diagnostic.get(buffer)
  seen.versions = vim.tbl_map(function(push)
    return push.version
  end, pushes)

  client.stop()
  wait_for("the server's end", function()
    return exit_code ~= nil
  end)
  seen.exit_code = exit_code
end

local ok, reason = pcall(visit)
vim.fn.writefile({ vim.fn.json_encode(seen) }, os.getenv("LINEWISE_SEEN"))
if not ok then
  io.stderr:write(tostring(reason) .. "\n")
  vim.cmd("cquit 1")
end
vim.cmd("qall!")
