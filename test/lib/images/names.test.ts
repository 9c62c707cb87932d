import { imageNameToPersist } from "../../../src/lib/images/names";
import type { StorageId } from "../../../src/lib/names/ids";

const digest = `sha256:${"a".repeat(64)}`;

describe("what a container's maker notes of its image's name", () => {
  const id = "abcdef0123".padEnd(64, "4") as StorageId;

  test.each<[string[] | undefined, string, string, string]>([
    [["docker.io/library/busybox:1"], "busybox:1", "busybox:1", "docker.io/library/busybox:1"],
    [["localhost/a:1"], `localhost/a@${digest}`, `localhost/a@${digest}`, "localhost/a:1"],
    [["localhost/b:1", "localhost/a:1", "localhost/a:2"], "a:1", "a:1", "localhost/a:1"],
    [["localhost/a:1"], id, "localhost/a:1", "localhost/a:1"],
    [["localhost/a:1"], "abcdef", "localhost/a:1", "localhost/a:1"],
    [["localhost/a:1"], `sha256:${id}`, "localhost/a:1", "localhost/a:1"],
    [["localhost/a:1"], "sha256:abcdef", "localhost/a:1", "localhost/a:1"],
    [["localhost/abcdef:latest"], "abcdef", "abcdef", "localhost/abcdef:latest"],
    [[id, "Bad Name", "localhost/a:1"], id, "localhost/a:1", "localhost/a:1"],
    [[id], id, "", ""],
    [[], "abc", "", ""],
    [undefined, `sha256:${id}`, "", ""],
    [undefined, "sha256:abcd", "", ""],
  ])("%j asked for as %s", (names, wanted, requested, own) => {
    expect(imageNameToPersist({ id, ...(names === undefined ? {} : { names }) }, wanted)).toEqual({
      requested,
      own,
    });
  });
});
