/** A port of the loopback on which nobody listened a moment ago. */
export function freePort(): Promise<number>;

/** A registry that runs. */
export interface RunningRegistry {
  /** `localhost:PORT` */
  readonly host: string;
  readonly port: number;
  /** Kills it, and waits for its end. */
  stop(): Promise<void>;
}

/**
 * Starts Debian's docker-registry on a loopback port; its configuration and its files lie in a directory that is there.
 * @param settings what its configuration says of TLS, and of who may come in
 * @throws Error when it does not answer
 */
export function startRegistry(
  directory: string,
  settings?: { readonly tls?: object; readonly auth?: object },
): Promise<RunningRegistry>;
