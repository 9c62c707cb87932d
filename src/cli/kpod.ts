import { answer } from "./answer";
import type { Program } from "./execute";
import { table } from "./table";

/** kpod with all its commands. */
export const kpod: Program = (argv, terminal) => answer(argv, terminal, table);
