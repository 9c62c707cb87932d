import type { ImageConfigFile } from "../storage/image-config";
import { isRecord } from "../system/files";
import { textMap, textOf, textsOf } from "../system/go-json";

/** How an image wants to be run, as inspect shows it. Keys stand as in kpod 1.0's JSON, and in its order. */
export interface ShownImageConfig {
  /** Left out when the image names no user, as in kpod 1.0. */
  User?: string;
  ExposedPorts: Record<string, Record<string, never>>;
  Env: string[];
  Entrypoint: string[];
  Cmd: string[];
  Volumes: Record<string, Record<string, never>>;
  WorkingDir: string;
  Labels: Record<string, string>;
  StopSignal: string;
}

/** The `config` of an image's configuration, with something at every key; what is not of its type is left out. */
export function shownImageConfig(file: ImageConfigFile): ShownImageConfig {
  // It comes from a file that anybody can have made.
  const config: Readonly<Record<string, unknown>> = isRecord(file.config) ? { ...file.config } : {};
  const user = textOf(config.User);
  return {
    ...(user === "" ? {} : { User: user }),
    ExposedPorts: keySet(config.ExposedPorts),
    Env: textsOf(config.Env),
    Entrypoint: textsOf(config.Entrypoint),
    Cmd: textsOf(config.Cmd),
    Volumes: keySet(config.Volumes),
    WorkingDir: textOf(config.WorkingDir),
    Labels: textMap(config.Labels),
    StopSignal: textOf(config.StopSignal),
  };
}

/** What the last step of an image's building was, as its builder wrote it down; "" when it did not. */
export function imageCreatedBy(file: ImageConfigFile): string {
  return textOf(lastStep(file)?.created_by);
}

/** What the image's builder remarked: on the whole image (docker), else on the last step. */
export function imageComment(file: ImageConfigFile): string {
  const comment = textOf(file.comment);
  return comment === "" ? textOf(lastStep(file)?.comment) : comment;
}

function lastStep(file: ImageConfigFile): Readonly<Record<string, unknown>> | undefined {
  const history: unknown = file.history;
  const last: unknown = Array.isArray(history) ? history.at(-1) : undefined;
  return isRecord(last) ? last : undefined;
}

/** Go writes a set as an object whose values are empty objects. */
function keySet(value: unknown): Record<string, Record<string, never>> {
  return Object.fromEntries(Object.keys(isRecord(value) ? value : {}).map((key) => [key, {}]));
}
