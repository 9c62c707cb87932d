import { lookOnce } from "../../../src/lib/doctor/examine";
import type { Check } from "../../../src/lib/doctor/check";
import { Facts } from "../../../src/lib/doctor/facts";
import { defaultConfig } from "../../../src/lib/config";
import { ContainerServer } from "../../../src/lib/container-server";

const none = { class: "N", what: "", commands: [] } as const;

function checkThat(id: string, find: Check["find"]): Check {
  return { id, rank: 1, severity: "informs", about: "", quick: true, live: false, find };
}

test("a file that the disk does not give is told, and the other checks are made; a fault of kpod is thrown", async () => {
  const facts = new Facts(new ContainerServer(defaultConfig()), { live: false, quick: true });
  const refused = Object.assign(new Error("EIO: i/o error, read"), { code: "EIO", errno: -5 });
  const unreadable = checkThat("storage.one", () => {
    throw refused;
  });
  const other = checkThat("storage.other", () => [
    { severity: "informs", object: { kind: "path", path: "/x" }, evidence: [], consequence: "", mend: none },
  ]);
  const { findings, unknown } = await lookOnce([unreadable, other], facts);
  expect(unknown).toEqual([{ id: "storage.one", why: "EIO: i/o error, read" }]);
  expect(findings.map(({ id }) => id)).toEqual(["storage.other"]);
  const faulty = checkThat("storage.faulty", () => {
    throw new TypeError("not a function");
  });
  await expect(lookOnce([faulty], facts)).rejects.toThrow("not a function");
});
