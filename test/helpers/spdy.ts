import type { Duplex } from "node:stream";

/** A stream of a connection, which a client has opened. */
export interface SpdyStream {
  /** Is called with what comes in; with undefined at its end. */
  receive(handler: (bytes: Buffer | undefined) => void): void;
  send(bytes: Buffer): void;
  /** Nothing more is sent. */
  end(bytes?: Buffer): void;
}

const synStream = 1;
const synReply = 2;
const ping = 6;
const finished = 1;

// A list of no headers, deflated so that it comes out without any bytes after it: a stored block, and an empty one.
const zlibHeader = Buffer.from([0x78, 0x9c]);
const noHeaders = Buffer.from([0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/**
 * The server's side of SPDY/3.1, so much as kubectl needs of it to run a command in a pod. Which stream is which is told
 * by their order, for their headers are compressed with a dictionary of the protocol.
 *
 * @param socket a connection that was upgraded
 * @param count is called when so many streams are open
 */
export function serveSpdy(socket: Duplex, count: number, opened: (streams: SpdyStream[]) => void): void {
  const streams: SpdyStream[] = [];
  const handlers = new Map<number, (bytes: Buffer | undefined) => void>();
  const early = new Map<number, (Buffer | undefined)[]>();

  const write = (head: number, flags: number, payload: Buffer): void => {
    if (!socket.writable) return;
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(head, 0);
    frame.writeUInt32BE(flags * 2 ** 24 + payload.length, 4);
    socket.write(Buffer.concat([frame, payload]));
  };
  const control = (type: number, payload: Buffer): void => {
    write(0x8003_0000 + type, 0, payload);
  };
  const open = (id: number): void => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(id);
    control(synReply, Buffer.concat([head, streams.length === 0 ? zlibHeader : Buffer.alloc(0), noHeaders]));
    streams.push({
      receive: (handler) => {
        handlers.set(id, handler);
        for (const bytes of early.get(id) ?? []) handler(bytes);
      },
      send: (bytes) => {
        write(id, 0, bytes);
      },
      end: (bytes = Buffer.alloc(0)) => {
        write(id, finished, bytes);
      },
    });
    if (streams.length === count) opened(streams);
  };
  const take = (id: number, bytes: Buffer | undefined): void => {
    const handler = handlers.get(id);
    if (handler === undefined) early.set(id, [...(early.get(id) ?? []), bytes]);
    else handler(bytes);
  };

  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < 8) return;
      const length = rest.readUIntBE(5, 3);
      if (rest.length < 8 + length) return;
      const head = rest.readUInt32BE(0);
      const flags = rest.readUInt8(4);
      const payload = rest.subarray(8, 8 + length);
      rest = rest.subarray(8 + length);
      if (head < 0x8000_0000) {
        if (length > 0) take(head, payload);
        if ((flags & finished) !== 0) take(head, undefined);
      } else if (head % 0x1_0000 === synStream) open(payload.readUInt32BE(0));
      else if (head % 0x1_0000 === ping) control(ping, payload);
    }
  });
  // A client that is killed resets it.
  socket.on("error", () => socket.destroy());
}
