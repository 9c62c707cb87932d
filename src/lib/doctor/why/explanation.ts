import type { ContainerStatus } from "../../oci/state/container-state";
import type { SandboxState } from "../../sandbox/sandbox";
import type { Evidence, Finding, FoundObject } from "../finding";
import type { MemoryTrouble } from "./memory";

/** How a container ended. */
export interface ExplainedExit {
  /** Null where nobody knows. */
  readonly code: number | null;
  /** `KILL`; null where no signal ended it. */
  readonly signal: string | null;
  readonly oomKilled: boolean;
  readonly finished: Date | null;
}

/** A container, and why it is as it is. */
export interface ExplainedContainer {
  readonly object: FoundObject;
  readonly state: ContainerStatus;
  /** 0 where it does not run. */
  readonly pid: number;
  readonly created: Date;
  readonly started: Date | null;
  /** Null as long as it has not ended. */
  readonly exit: ExplainedExit | null;
  /** What the kernel took of it for want of memory; null for nothing. */
  readonly memory: MemoryTrouble | null;
  /** The how many-th container of this name it is, from 0 on. */
  readonly attempt: number;
  /** The containers of this name before it, that have not been removed. */
  readonly earlier: readonly {
    readonly id: string;
    readonly attempt: number;
    readonly exitCode: number | null;
  }[];
  /** The last lines of its log. */
  readonly log: readonly string[];
  /** Why there are none; null where they could be read. */
  readonly logUnread: string | null;
}

/** Why a pod or a container is as it is. */
export interface Explanation {
  readonly object: FoundObject;
  /** Of a pod: `Ready`; null where nobody can tell, and of a container. */
  readonly podState: SandboxState | null;
  /** Of a pod all that it has, of a container it alone. */
  readonly containers: readonly ExplainedContainer[];
  /** What holds it. */
  readonly holders: readonly Evidence[];
  /** What is at odds with it, the worst first. */
  readonly findings: readonly Finding[];
  /** What could not be told. */
  readonly unknown: readonly string[];
  /** The causes, one after the other, a sentence each. */
  readonly chain: readonly string[];
  /** What can be done: commands, or a clause. */
  readonly todo: readonly string[];
}
