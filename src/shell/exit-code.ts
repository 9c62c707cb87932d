/** What the exit code of kpod says. Those of 1 to 3 are kpod 1.0.0's. */
export const ExitCode = {
  success: 0,
  /** A request failed, or a part of it. */
  failed: 1,
  /** Wrong usage: an unknown flag, a wrong number of arguments, a bad value. */
  usage: 2,
  unknownCommand: 3,
  /** Of `exec`, `attach` and `run`, where 1 is that of the command: a request failed. 126 and 127 say why. */
  launchFailed: 125,
  /** Of `doctor`, where 1 and 2 are what it has seen: the file for that could not be written. */
  notWritten: 125,
  /** 128 + SIGINT. */
  interrupted: 130,
  /** Nobody reads the output any more: 128 + SIGPIPE, what a shell shows for any program that ends so. */
  closedPipe: 141,
} as const;
