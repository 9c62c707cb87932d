// Writes dist/THIRD-PARTY.txt, the licences of the packages that the bundles hold. Only a package needs it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./bootstrap.mjs";
import { thirdPartyText } from "./lib/licenses.mjs";
import { runMain } from "./lib/run.mjs";

await runMain(async () =>
  writeFileSync(join(REPOSITORY, "dist/THIRD-PARTY.txt"), await thirdPartyText(REPOSITORY, { addon: true })),
);
