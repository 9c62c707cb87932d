import { join } from "node:path";

/** Which kpod is tested: the executable that KPOD_TEST_EXECUTABLE names, else bin/kpod on Node. */
export const KPOD = process.env.KPOD_TEST_EXECUTABLE ?? join(__dirname, "../../bin/kpod");

/** True where it is the executable: then there is no Node to look into. */
export const isExecutable = process.env.KPOD_TEST_EXECUTABLE !== undefined;
