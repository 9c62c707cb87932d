import { errnoOf } from "../errors";

/** Where a program of this machine takes questions: a socket, or a port of an address. */
export type HttpPlace = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** What a program said: an answer; `silent` where it took the connection and none came in time; else `nobody`. */
export type HttpAnswer = { readonly status: number; readonly text: string } | "silent" | "nobody";

/** More than most ever say of themselves. */
export const longestAnswer = 1 << 20;

/**
 * Sends a GET of a path to a program of this machine.
 * @param patienceMs milliseconds within which it has to answer
 * @param longest bytes of an answer that is taken for one
 */
export async function httpGet(
  place: HttpPlace,
  path: string,
  patienceMs: number,
  longest = longestAnswer,
): Promise<HttpAnswer> {
  const { request } = await import("node:http");
  return new Promise((resolve) => {
    let connected = false;
    let text = "";
    const done = (answer: HttpAnswer): void => {
      clearTimeout(timer);
      call.destroy();
      resolve(answer);
    };
    const options = { ...place, path, agent: false, headers: { host: "crio" } };
    const call = request(options, (response) => {
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > longest) done("silent");
      });
      response.on("end", () => {
        done({ status: response.statusCode ?? 0, text });
      });
      response.on("error", () => {
        done("silent");
      });
    });
    const timer = setTimeout(() => {
      done(connected ? "silent" : "nobody");
    }, patienceMs);
    call.on("socket", (socket) => {
      socket.once("connect", () => {
        connected = true;
      });
    });
    call.on("error", (error) => {
      // Its queue is full: it lives, and is busy.
      done(connected || errnoOf(error) === "EAGAIN" ? "silent" : "nobody");
    });
    call.end();
  });
}
