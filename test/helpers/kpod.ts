import { join, resolve } from "node:path";

const executable = process.env.KPOD_TEST_EXECUTABLE;

/** Which kpod is tested: the executable that KPOD_TEST_EXECUTABLE names, else bin/kpod on Node. */
export const KPOD = executable === undefined ? join(__dirname, "../../bin/kpod") : resolve(executable);

/** True where it is the executable: then there is no Node to look into. */
export const isExecutable = executable !== undefined;

/** How it is started where no shell and no `#!` may come in between, under strace for one. */
export const kpodCommand: readonly string[] = isExecutable ? [KPOD] : [process.execPath, "--", KPOD];
