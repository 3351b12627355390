// A language server in a process of its own: it echoes commands, and crashes when told to.
import {
  createProtocolConnection,
  ExecuteCommandRequest,
  InitializeRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { serverCommands } from "../../src/protocol";

const connection = createProtocolConnection(
  new StreamMessageReader(process.stdin),
  new StreamMessageWriter(process.stdout),
);
connection.onRequest(InitializeRequest.type, ({ initializationOptions }) => ({
  capabilities: {
    executeCommandProvider: { commands: Object.values(serverCommands) },
    experimental: initializationOptions as unknown,
  },
}));
connection.onRequest(ExecuteCommandRequest.type, (params) => {
  if (params.command === serverCommands.notUseful) {
    process.exit(1);
  }
  return params;
});
connection.onRequest(ShutdownRequest.type, () => undefined);
connection.listen();
