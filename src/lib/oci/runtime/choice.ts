/*
 * What a container and its pod ask for: of that, and of the configuration, follows the runtime that makes it
 * (`handler.ts`). Which one really has it is another question (`locator.ts`).
 */
import type { Config } from "../../config/index";
import { KpodError } from "../../errors";
import { warnOnce, type Logger } from "../../logger";
import { annotations } from "../annotations";
import type { Container } from "../container";

/** What of a container decides which runtime runs it. */
export interface RuntimeChoice {
  /** The handler that its pod asks for; "" for the default one. */
  handler: string;
  /** What the kubelet says of the pod's trust; undefined when it says nothing. */
  trusted: boolean | undefined;
  /** True for a pod with the host's rights. */
  privileged: boolean;
  /** The program that CRI-O persisted for the container's platform; "" or undefined when there is none. */
  platformPath?: string | undefined;
}

/** What is asked for where nothing is known. */
export const defaultChoice: RuntimeChoice = { handler: "", trusted: undefined, privileged: false };

/** What of a pod says which runtime it wants. */
interface AskingPod {
  readonly name: string;
  readonly runtimeHandler: string;
  readonly trusted: boolean | undefined;
  readonly privileged: boolean;
}

/** What is known of a container whose runtime is to be chosen. */
interface Asked {
  /** True reads its pod's spec also where only one runtime is configured: it may ask for one that is not. */
  exact: boolean;
  /** Its pod; undefined where the record of that is lost. */
  sandbox: AskingPod | undefined;
  logger: Logger;
}

/** What of a container and its pod decides which runtime it belongs to. */
export function runtimeChoiceOf(
  { runtimes, runtimeUntrustedWorkload, defaultRuntime }: Config,
  container: Container,
  { exact, sandbox, logger }: Asked,
): RuntimeChoice {
  const handlers = Object.entries(runtimes);
  const byPlatform = handlers.some(
    ([, { platformRuntimePaths }]) => Object.keys(platformRuntimePaths).length > 0,
  );
  // With one runtime there is nothing to choose, and a list needs to read no spec.
  const onlyDefault = handlers.every(([name]) => name === defaultRuntime);
  if (!exact && onlyDefault && !byPlatform && runtimeUntrustedWorkload === "") return defaultChoice;
  if (sandbox === undefined) return defaultChoice;
  try {
    const { runtimeHandler: handler, trusted, privileged } = sandbox;
    return { handler, trusted, privileged, ...(byPlatform ? platformPathOf(container) : {}) };
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    warnOnce(logger, `pod ${sandbox.name}: ${error.message}: taking the default runtime`);
    return defaultChoice;
  }
}

/** The program that CRI-O persisted for a container's platform, under its names in different versions. */
function platformPathOf({ specAnnotations }: Container): Pick<RuntimeChoice, "platformPath"> {
  const { platformRuntimePath: now, platformRuntimePathBefore: before } = annotations;
  return { platformPath: specAnnotations[now] ?? specAnnotations[before] };
}
