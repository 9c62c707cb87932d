import { existsSync } from "node:fs";
import { join } from "node:path";
import { tolerate } from "../../errors";
import type { CrioRecord } from "../../storage/container-metadata";
import { silentLogger } from "../../logger";
import type { StorageId } from "../../names/ids";
import { parseJson, readTextIfThere } from "../../system/files";
import { readRecords, type ContainerRecord } from "../../storage/records";
import type { Check } from "../check";
import { usualAge, type Facts } from "../facts";
import { containersWithStateFile } from "../facts/containers";
import { specGlances } from "../facts/specs";
import { objectOf, ownRecords, timeOf } from "../facts/store";
import { rebuiltContainers } from "../facts/rebuilt-containers";
import { tornFiles, type TornFile } from "../facts/torn-records";
import { mendBySteps, type Evidence, type Found, type OfferedMend } from "../finding";
import { glanceAt, type Glance } from "../readings/spec-glances";
import { quoted } from "../quoted";
import type { MendStep } from "../step";

export const check: Check = {
  id: "storage.record-corrupt",
  rank: 90,
  severity: "breaks-now",
  about: `A file of records is no JSON, or cut ("unexpected end of JSON input"), or has no byte though containers or images have their
directories, the metadata of a container cannot be read, or its
config.json or state.json is missing, empty or cut. CRI-O does not start on torn records, and forgets those of an empty file; it passes over a record whose
metadata it cannot read, which holds its names for ever; and at its next start it removes a container whose config.json or
state.json it cannot read. Of a file of records a copy is kept, what is whole in it stays, and records of containers are made
anew from their directories; those of layers \`storage.layer-unknown\` makes anew then. Metadata are put together from names,
spec and state. A config.json comes from its copy in the bundle.`,
  quick: true,
  live: false,
  asks: [specGlances],
  find: findCorrupt,
};

async function findCorrupt(facts: Facts): Promise<readonly Found[]> {
  const torn = (await facts.get(tornFiles)).map((file) => tornFound(facts, file));
  if (torn.length > 0) return torn;
  const own = await facts.get(ownRecords);
  const states = await facts.get(containersWithStateFile);
  const glanceOf = await facts.get(specGlances);
  const found: Found[] = [];
  for (const { record, metadata, damage } of own.values()) {
    if (damage !== undefined)
      found.push(
        metadataFound(facts, record, objectOf(own, record), { damage, metadata: JSON.stringify(metadata) }),
      );
    const files = filesFound(facts, own, record, {
      spec: glanceOf(record.id),
      hasState: states.has(record.id),
    });
    if (files !== undefined) found.push(files);
  }
  return found;
}

function tornFound(facts: Facts, file: TornFile): Found {
  const { path, kind, says, whole, isEmptied } = file;
  const rebuilt = kind === "containers" ? rebuiltContainers(facts.server.store, file) : [];
  const steps: readonly MendStep[] = [
    { do: "write", path, text: JSON.stringify([...whole, ...rebuilt]), mode: 0o600 },
  ];
  const kept =
    isEmptied === true
      ? "have it hold a list again"
      : `keep the ${whole.length} records that are whole in it`;
  return {
    severity: "breaks-now",
    object: { kind: "path", path },
    evidence: [{ file: path, says }],
    consequence: consequenceOf(file),
    mend: mendBySteps(
      "S",
      rebuilt.length > 0 ? `${kept}, and make ${rebuilt.length} anew from their directories` : kept,
      steps,
    ),
  };
}

function consequenceOf({ kind, isEmptied }: TornFile): string {
  if (kind === "mounts") return "no container can be mounted";
  if (isEmptied !== true) return `no program can read the ${kind} of the store, and CRI-O does not start`;
  return kind === "containers"
    ? "CRI-O forgets them when it starts, what runs of them is nobody's, and what they have is taken for left over"
    : "no container can be made of them, and they are pulled again";
}

function metadataFound(
  { server: { store } }: Facts,
  { id, names = [] }: ContainerRecord,
  object: Found["object"],
  { damage, metadata }: { damage: string; metadata: string },
): Found {
  const file =
    store.layout.containersFiles.find((path) =>
      readRecords(path, silentLogger).some((record) => record.id === id),
    ) ?? store.layout.containersFiles[0];
  const steps: readonly MendStep[] = [{ do: "change-record", file, id, fields: { metadata } }];
  return {
    severity: "breaks-at-start",
    object,
    key: "metadata",
    evidence: [{ file, says: `of container ${id.slice(0, 13)}: ${damage}` }],
    consequence: `CRI-O passes over the record when it starts, and its names stay taken: ${names.join(", ")}`,
    mend: mendBySteps("S", "put its metadata together from its names, its spec and its state", steps),
  };
}

/** What is wrong with config.json and state.json of a container that has any. */
function filesFound(
  facts: Facts,
  own: ReadonlyMap<StorageId, CrioRecord>,
  record: ContainerRecord,
  { spec, hasState }: { readonly spec: Glance; readonly hasState: boolean },
): Found | undefined {
  const { store } = facts.server;
  // Its files may be being written.
  if (facts.isYoung(timeOf(record.created) ?? 0, usualAge)) return undefined;
  const [kept, bundle] = [store.userdataDirectory(record.id), store.runUserdataDirectory(record.id)];
  const config = join(kept, "config.json");
  const copy = join(bundle, "config.json");
  const says = spec.fault;
  if (says === undefined && hasState) return undefined;
  const state = glanceAt(join(kept, "state.json")).fault;
  // A pod without an infra process has it in its bundle.
  const noState = state !== undefined && glanceAt(join(bundle, "state.json")).fault !== undefined;
  if (says === undefined && !noState) return undefined;
  // Where there is nothing at all, it was made by half, or is about to be.
  if (says === "is missing" && state === "is missing" && !existsSync(copy)) return undefined;
  const text = says === undefined ? undefined : wholeJson(copy);
  const evidence: Evidence[] = [
    ...(says === undefined ? [] : [{ file: config, says }]),
    ...(noState ? [{ file: join(kept, "state.json"), says: state }] : []),
    ...(text === undefined ? [] : [{ file: copy, says: "is whole" }]),
  ];
  const steps: readonly MendStep[] =
    text === undefined ? [] : [{ do: "write", path: config, text, mode: 0o644 }];
  const mend: OfferedMend =
    says !== undefined && text !== undefined
      ? {
          class: "S",
          what: "write it anew from its copy in the bundle",
          commands: [`cp ${quoted(copy)} ${quoted(config)}`],
          steps,
        }
      : {
          class: "N",
          what: "it lives as long as CRI-O runs: have the pod made anew",
          commands: [],
        };
  return {
    severity: "breaks-at-start",
    object: objectOf(own, record),
    key: "files",
    evidence,
    consequence: "CRI-O removes the container from its store when it starts, and what runs of it is nobody's",
    since: timeOf(record.created),
    mend,
  };
}

function wholeJson(path: string): string | undefined {
  return tolerate(undefined, () => {
    const text = readTextIfThere(path);
    if (text !== undefined) parseJson(path, text);
    return text;
  });
}
