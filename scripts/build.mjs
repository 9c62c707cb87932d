// npm run build: writes dist/ anew.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./bootstrap.mjs";
import { bundle } from "./lib/bundle.mjs";

const staging = join(REPOSITORY, `dist.${process.pid}`);
mkdirSync(staging);
try {
  await bundle(REPOSITORY, staging);
  rmSync(join(REPOSITORY, "dist"), { recursive: true, force: true });
  renameSync(staging, join(REPOSITORY, "dist"));
} finally {
  rmSync(staging, { recursive: true, force: true });
}
