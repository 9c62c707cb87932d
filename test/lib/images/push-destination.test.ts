import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pushDestination, withPlace } from "../../../src/lib/images/push-destination";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

/** Writes where skopeo would, which ends a path at its first colon. */
async function asSkopeo(target: string): Promise<void> {
  const [, path = ""] = target.split(":");
  writeFileSync(path, "archive");
  return Promise.resolve();
}

test("an archive is written where a link leads, unless skopeo would end that path too early", async () => {
  const directory = testdir({
    "plain/one.tar": "former",
    "with:colon/one.tar": "former",
    good: { symlink: "plain" },
    bad: { symlink: "with:colon" },
  });
  await withPlace(pushDestination(`oci-archive:${directory}/good/one.tar:1`, undefined), asSkopeo);
  expect(readFileSync(join(directory, "plain/one.tar"), "utf8")).toBe("archive");
  const refused = withPlace(pushDestination(`oci-archive:${directory}/bad/one.tar`, undefined), asSkopeo);
  const { code, message, hint } = await failureOf(refused);
  expect([code, message, hint]).toEqual([
    "BAD_ARGUMENT",
    `${directory}/bad/one.tar leads to a path with a colon, at which skopeo ends it`,
    "push to another directory, and move it",
  ]);
  expect(readdirSync(join(directory, "with:colon"))).toEqual(["one.tar"]);
  expect(readFileSync(join(directory, "with:colon/one.tar"), "utf8")).toBe("former");
  expect(existsSync(join(directory, "with"))).toBe(false);
});
