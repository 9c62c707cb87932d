import type { CommandContext } from "../../../shell/context";
import type { ContainerServer } from "../../../lib/container-server";
import { KpodError } from "../../../lib/errors";
import { generateKube } from "../../../lib/kube/generate";
import { writeYaml } from "../../../lib/kube/yaml";
import { isNotFoundError } from "../../../lib/names/lookup";
import type { Container } from "../../../lib/oci/container";
import type { Sandbox } from "../../../lib/sandbox/sandbox";
import type { command } from "./command";

/** `kpod kube generate`: writes pods, and containers in their pods, as YAML of Kubernetes. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const server = await context.openServer();
  await server.updateRecords();
  const choices = new Map<Sandbox, Container[] | undefined>();
  for (const name of context.args) {
    const { sandbox, container } = choose(server, name);
    const chosen = choices.has(sandbox) ? choices.get(sandbox) : [];
    choices.set(
      sandbox,
      container === undefined || chosen === undefined ? undefined : [...chosen, container],
    );
  }
  const { objects, notes } = await generateKube(
    server,
    [...choices].map(([sandbox, containers]) =>
      containers === undefined ? { sandbox } : { sandbox, containers },
    ),
  );
  for (const note of notes) context.logger.warn(note);
  context.terminal.out(await writeYaml(objects));
  return 0;
}

/** What a name means: a pod before a container. @throws KpodError NOT_FOUND, AMBIGUOUS */
function choose(server: ContainerServer, name: string): { sandbox: Sandbox; container?: Container } {
  const sandbox = found(() => server.lookupSandbox(name));
  if (sandbox !== undefined) return { sandbox };
  const container = found(() => server.lookupContainer(name, "inspect", { attempt: "newest" }));
  const own = container === undefined ? undefined : server.getSandbox(container.sandboxId);
  if (container !== undefined && own !== undefined) return { sandbox: own, container };
  throw new KpodError("NOT_FOUND", `no pod or container ${JSON.stringify(name)} is there`);
}

function found<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isNotFoundError(error)) return undefined;
    throw error;
  }
}
