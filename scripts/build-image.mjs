// npm run build:image: writes build/kpod-image-ARCHITECTURE.tar, an OCI archive of the executable for this machine's
// processor, which `kpod load`, `podman load` and `skopeo copy` read. No registry and no daemon is needed.
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./bootstrap.mjs";
import { makeKpodImage } from "./lib/kpod-image.mjs";
import { engineLicence, thirdPartyText } from "./lib/licenses.mjs";
import { ScriptError, runMain } from "./lib/run.mjs";
import { keepSingle } from "./lib/single.mjs";

await runMain(async () => {
  if (process.argv.length > 2) throw new ScriptError("usage: npm run build:image");
  const executable = await keepSingle(REPOSITORY);
  if (executable === undefined) throw new ScriptError("an image holds the executable");
  const licences = `${await thirdPartyText(REPOSITORY)}\n${engineLicence(REPOSITORY)}`;
  const scratch = mkdtempSync(join(REPOSITORY, "build/.image-"));
  try {
    const image = makeKpodImage(scratch, { root: REPOSITORY, executable, licences });
    const target = join(REPOSITORY, "build", `kpod-image-${process.arch}.tar`);
    renameSync(image.ociArchive, target);
    console.log(`${target}\n${image.name}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
