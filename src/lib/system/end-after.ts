import { libc } from "./libc";

/**
 * Ends this process by SIGALRM after so many seconds, whatever it waits for: also for a file system that never answers, where
 * nothing of the engine runs any more.
 * @param seconds whole ones; 0 cancels that
 */
export function endAfter(seconds: number): void {
  libc().alarm(seconds);
}
