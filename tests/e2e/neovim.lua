-- One visit to a Python file in Neovim, set up as docs/editors/neovim.md says.
-- What was seen goes to $LINEWISE_SEEN as JSON; a step that never comes about ends Neovim with an error.
local seen = { progress = {} }
local pushes = {}

local function wait_for(what, condition)
  if not vim.wait(60000, condition, 10) then
    error("waited in vain for " .. what)
  end
end

local function listen(method, hear)
  local handle = vim.lsp.handlers[method]
  vim.lsp.handlers[method] = function(failure, params, ...)
    hear(params)
    return handle(failure, params, ...)
  end
end

local function line_of(buffer, number)
  return vim.api.nvim_buf_get_lines(buffer, number, number + 1, false)[1]
end

local function visit()
  listen("textDocument/publishDiagnostics", function(push)
    table.insert(pushes, push)
  end)
  listen("$/progress", function(params)
    table.insert(seen.progress, params.value)
  end)
  vim.cmd("edit " .. vim.fn.fnameescape(os.getenv("LINEWISE_FILE")))
  local buffer = vim.api.nvim_get_current_buf()
  wait_for("the answer to initialize", function()
    return #vim.lsp.buf_get_clients(buffer) > 0
  end)
  local _, client = next(vim.lsp.buf_get_clients(buffer))
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
  seen.span = answers[client.id].result

  seen.before = line_of(buffer, first.lnum)
  vim.ui.select = function(actions, options, choose)
    seen.actions = vim.tbl_map(options.format_item, actions)
    for _, action in ipairs(actions) do
      if options.format_item(action) == "Linewise: ignore this line" then
        choose(action)
      end
    end
  end
  vim.lsp.buf.code_action()
  wait_for("the comment", function()
    return line_of(buffer, first.lnum) ~= seen.before
  end)
  seen.after = line_of(buffer, first.lnum)
  wait_for("diagnostics without the ignored line", function()
    return #vim.tbl_filter(function(d)
      return d.lnum == first.lnum
    end, vim.diagnostic.get(buffer)) == 0
  end)
  vim.cmd("undo")

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
    return client.rpc.pid and vim.loop.kill(client.rpc.pid, 0) ~= 0
  end)
end

local ok, reason = pcall(visit)
vim.fn.writefile({ vim.fn.json_encode(seen) }, os.getenv("LINEWISE_SEEN"))
if not ok then
  io.stderr:write(tostring(reason) .. "\n")
  vim.cmd("cquit 1")
end
vim.cmd("qall!")
