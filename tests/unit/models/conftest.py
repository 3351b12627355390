"""Other sources of models: a GGUF file, and a stand-in for the Hub."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tiny_models import CONTEXT, VOCABULARY


@pytest.fixture(autouse=True)
def own_cache(cache_dir):
    """No test of models touches the user's."""


@pytest.fixture(scope="session")
def gguf_file(tmp_path_factory, tokenizer):
    """A tiny Llama in a GGUF file."""
    import gguf
    import numpy as np

    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(48)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(8)
    writer.add_vocab_size(VOCABULARY)
    vocabulary = tokenizer.get_vocab()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(sorted(vocabulary, key=vocabulary.__getitem__))
    writer.add_token_types([gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * (VOCABULARY - 1))
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    rng = np.random.default_rng(0)

    def add(name, *shape):
        writer.add_tensor(name, rng.normal(0, 0.1, shape).astype(np.float32))

    add("token_embd.weight", VOCABULARY, 32)
    add("output_norm.weight", 32)
    add("output.weight", VOCABULARY, 32)
    add("blk.0.attn_norm.weight", 32)
    add("blk.0.attn_q.weight", 32, 32)
    add("blk.0.attn_k.weight", 16, 32)
    add("blk.0.attn_v.weight", 16, 32)
    add("blk.0.attn_output.weight", 32, 32)
    add("blk.0.ffn_norm.weight", 32)
    add("blk.0.ffn_gate.weight", 48, 32)
    add("blk.0.ffn_up.weight", 48, 32)
    add("blk.0.ffn_down.weight", 32, 48)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def hub(tmp_path):
    """A function from a model folder to the URL of a Hub that serves it, and its commit."""
    commit = hashlib.sha1(b"tiny").hexdigest()
    servers = []

    def serve(folder):
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        files |= {"README.md": b"---\nlicense: mit\n---\n", "pytorch_model.bin": b"never read"}
        about = {"id": "owner/tiny", "sha": commit, "siblings": []}
        tree = [
            {"type": "file", "path": name, "size": len(body), "oid": hashlib.sha1(body).hexdigest()}
            for name, body in files.items()
        ]

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self):
                path = self.path.partition("?")[0]
                name = path.rpartition("/")[2]
                if path.startswith(f"/api/models/owner/tiny/tree/{commit}"):
                    return self.answer(json.dumps(tree).encode())
                if path.startswith("/api/models/owner/tiny") and name != "v9":
                    return self.answer(json.dumps(about).encode())
                if path.startswith("/owner/tiny/resolve/") and name in files:
                    return self.answer(files[name])
                self.send_response(404)
                self.send_header("X-Error-Code", "RepoNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return None

            do_GET = do_HEAD

            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Repo-Commit", commit)
                self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", commit

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()
