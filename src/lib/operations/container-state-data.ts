import type { Container } from "../oci/container";
import { zeroTime } from "../system/go-json";

/**
 * The state of a container as inspect shows it (libkpod: ContainerState). Keys and order are those of kpod 1.0's
 * JSON; times are RFC 3339, and Go's zero time for what has not come yet.
 */
export interface ContainerStateData {
  ociVersion: string;
  id: string;
  /** See `ContainerStatus`. */
  status: string;
  /** 0 when it has no process. */
  pid: number;
  bundle: string;
  annotations: Record<string, string>;
  created: string;
  started: string;
  finished: string;
  /** 0 while it has not ended. */
  exitCode: number;
  oomKilled: boolean;
  error: string;
  /** When it was last checkpointed. */
  checkpointedAt: string;
}

/** The state of a container when it was last looked up (libkpod: State). */
export function containerStateData({ id, bundlePath, state, corrected }: Container): ContainerStateData {
  const bundle = state?.bundle ?? "";
  return {
    ociVersion: state?.ociVersion ?? "",
    id,
    status: state?.status ?? "unknown",
    pid: state?.pid ?? 0,
    bundle: bundle === "" ? bundlePath : bundle,
    annotations: corrected?.({ ...state?.annotations }) ?? { ...state?.annotations },
    created: state?.created?.toISOString() ?? zeroTime,
    started: state?.started?.toISOString() ?? zeroTime,
    finished: state?.finished?.toISOString() ?? zeroTime,
    exitCode: state?.exitCode ?? 0,
    oomKilled: state?.oomKilled ?? false,
    error: state?.error ?? "",
    checkpointedAt: state?.checkpointed?.toISOString() ?? zeroTime,
  };
}
