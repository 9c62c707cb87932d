// Makes and deletes containers in a store, for a test that runs several of these at a time:
// `store-process.ts ROOT RUNROOT IMAGE PREFIX COUNT`. Every second container is deleted again; the ids of the others
// are printed at the end.
import type { StorageId } from "../../src/lib/names/ids";
import { Store } from "../../src/lib/storage/store";

async function main(
  root: string,
  runRoot: string,
  image: string,
  prefix: string,
  count: number,
): Promise<void> {
  const store = new Store({ root, runRoot, storage: "overlay", storageOptions: [] });
  const kept: string[] = [];
  for (let number = 0; number < count; number++) {
    const name = `${prefix}-${number}`;
    const names = [name];
    const record = await store.createContainer({
      names,
      image: image as StorageId,
      layerName: `${name}-layer`,
      metadata: "",
    });
    if (number % 2 === 0) kept.push(record.id);
    else await store.deleteContainer(record.id);
  }
  console.log(JSON.stringify(kept));
}

const [root = "", runRoot = "", image = "", prefix = "", count = "0"] = process.argv.slice(2);
void main(root, runRoot, image, prefix, Number(count));
