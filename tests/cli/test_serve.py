"""`linewise serve`: the options; what it serves is tested in tests/lsp."""

import re
import socket
import subprocess

from command_line import LINEWISE, SESSION


def test_standard_input_and_output_is_the_default(linewise):
    for arguments in ([], ["--stdio"]):
        result = linewise("serve", *arguments, stdin=SESSION)
        assert result.returncode == 0
        assert b'"name":"linewise"' in result.stdout.replace(b'": ', b'":')


def test_a_port_of_the_loopback_interface(environment):
    process = subprocess.Popen(
        [*LINEWISE, "serve", "--tcp", "0"], env=environment, stderr=subprocess.PIPE
    )
    announced = process.stderr.readline().decode()
    host, port = re.search(r"on ([\d.]+):(\d+)", announced).groups()
    assert host == "127.0.0.1"
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(SESSION)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    assert b"serverInfo" in answer
    assert process.wait(timeout=30) == 0
    process.stderr.close()


def test_a_port_that_is_taken(linewise):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = linewise("serve", "--tcp", taken.getsockname()[1])
    assert result.returncode == 3
    assert b"Address already in use" in result.stderr


def test_one_transport_only(linewise):
    result = linewise("serve", "--stdio", "--tcp", "0")
    assert result.returncode == 2
