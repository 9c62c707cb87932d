import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseExactJson } from "../../src/lib/system/exact-json";
import { captured, capturedContainers, data, layOut, serverOf } from "../helpers/captured-stores";
import { formatPersistedState, readPersistedState } from "../../src/lib/oci/state/persisted";

// Files captured on nodes that CRI-O ran are no part of the repository: skipped where the variable
// KPOD_CRIO_DATA does not name the directory that holds them.
const maybe = data === "" ? describe.skip : describe;

/** What CRI-O itself said of a container; times are nanoseconds since 1970. */
interface CriContainer {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata: { readonly name: string; readonly attempt?: number };
  readonly state?: string;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly image: { readonly image: string };
  readonly imageId: string;
}

const milliseconds = (nanoseconds: string | undefined): number | undefined =>
  nanoseconds === undefined ? undefined : Number(BigInt(nanoseconds) / 1_000_000n);

const statusNames: Readonly<Record<string, string>> = {
  CONTAINER_RUNNING: "unknown",
  CONTAINER_EXITED: "stopped",
};

maybe("what CRI-O 1.36.3 said of its containers", () => {
  const version = "v1.36.3";
  const containers = data === "" ? [] : capturedContainers(version, "ID");
  const lay = (): string => layOut(version, ["containers.json", "volatile-containers.json"], "ID");

  test("is what is read of the list", async () => {
    const { server } = serverOf(lay(), []);
    await server.updateRecords();
    const said = (JSON.parse(captured(version, "ListContainers.json")) as { containers: CriContainer[] })
      .containers;
    const expected = said.map((one) => ({
      id: one.id,
      sandboxId: one.podSandboxId,
      metadata: { name: one.metadata.name, attempt: one.metadata.attempt ?? 0 },
      imageName: one.image.image,
      imageId: one.imageId,
    }));
    const read = server.listContainers().map(({ id, sandboxId, metadata, imageName, imageId }) => ({
      ...{ id, sandboxId, metadata, imageName, imageId },
    }));
    expect(new Map(read.map((one) => [one.id, one]))).toEqual(new Map(expected.map((one) => [one.id, one])));
    // The store makes its record some milliseconds before the CRI's container is there.
    for (const { id, createdAt } of said) {
      const difference =
        (milliseconds(createdAt) ?? NaN) - (server.getContainer(id)?.createdAt.getTime() ?? NaN);
      expect([id, difference >= 0 && difference < 1_000]).toEqual([id, true]);
    }
  });

  test.each(
    containers
      // Of infra containers CRI says nothing.
      .filter(({ directory }) => /\/ctr-[^/]*$/.test(directory))
      .map(({ directory, id }) => [directory, id]),
  )("%s: is in state.json alone, and written back to the letter", async (directory, id) => {
    const { status: said, info } = JSON.parse(
      readFileSync(join(directory, "cri-ContainerStatus.json"), "utf8"),
    ) as { status: CriContainer; info: { info: string } };
    const laid = lay();
    const place = join(laid, "root/overlay-containers", id, "userdata");
    // The copies of these files are younger than the container's end.
    for (const name of ["exit", "oom"]) rmSync(join(place, name), { force: true });
    rmSync(join(laid, "runroot/overlay-containers", id, "userdata/oom"), { force: true });
    const { server } = serverOf(laid, "unreachable");
    await server.update();
    const container = server.getContainer(id) ?? server.getInfraContainer(id);
    const { status, exitCode, created, started, finished, oomKilled } = container?.state ?? {};
    expect({
      status,
      exitCode,
      oomKilled,
      times: [created, started, finished].map((time) => time?.getTime()),
    }).toEqual({
      // Of what ran, nobody can tell any more.
      status: statusNames[said.state ?? ""] ?? "unknown",
      exitCode: said.exitCode,
      oomKilled: said.reason === "OOMKilled",
      times: [said.createdAt, said.startedAt, said.finishedAt].map(milliseconds),
    });
    const { runtimeSpec } = JSON.parse(info.info) as { runtimeSpec: { linux: { namespaces: unknown } } };
    expect(container?.spec.linux?.namespaces).toEqual(runtimeSpec.linux.namespaces);

    const path = join(place, "state.json");
    const text = readFileSync(path, "utf8");
    const state = readPersistedState(path);
    expect(state === undefined ? undefined : formatPersistedState(state, parseExactJson(path, text))).toBe(
      text,
    );
  });
});
