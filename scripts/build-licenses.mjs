// Writes dist/THIRD-PARTY.txt, the licences of the packages that the bundles hold. Only a package needs it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { thirdPartyText } from "./lib/licenses.mjs";
import { runMain } from "./lib/run.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

await runMain(async () => writeFileSync(join(ROOT, "dist/THIRD-PARTY.txt"), await thirdPartyText(ROOT)));
