import { lookUpUser, requireMapped, type ProcessUser } from "../../../src/lib/oci/user";
import { failureOf } from "../../helpers/failure";
import { testdir } from "../../helpers/testdir";

const passwd = [
  "root:x:0:0:root:/root:/bin/sh",
  "# a remark",
  "nobody:x:65534:65533:nobody:/:/sbin/nologin",
  "app:x:1000:1001:App,,,:/home/app:/bin/sh",
  "1000:x:7:7:a number for a name:/:/bin/sh",
  "odd:x:-1:x::",
  "short:x",
  "",
].join("\n");
const group = [
  "root:x:0:root",
  "wheel:x:10:root,app",
  "app:x:1001:",
  "audio:x:63:other,app",
  "strange:x:abc:app",
  "app2:x:1002:application",
].join("\n");

const root = testdir({ "etc/passwd": passwd, "etc/group": group });

test.each([
  ["", { uid: 0, gid: 0, additionalGids: [0, 10] }],
  ["root", { uid: 0, gid: 0, additionalGids: [0, 10] }],
  ["0", { uid: 0, gid: 0, additionalGids: [0, 10] }],
  ["app", { uid: 1000, gid: 1001, additionalGids: [10, 63] }],
  ["1000", { uid: 1000, gid: 1001, additionalGids: [10, 63] }],
  ["nobody", { uid: 65534, gid: 65533 }],
  ["app:root", { uid: 1000, gid: 0 }],
  ["app:63", { uid: 1000, gid: 63 }],
  ["app:4242", { uid: 1000, gid: 4242 }],
  [":audio", { uid: 0, gid: 63 }],
  ["4242", { uid: 4242, gid: 0 }],
  ["4242:4343", { uid: 4242, gid: 4343 }],
  ["2147483647", { uid: 2147483647, gid: 0 }],
])("%j is %j", (wanted, expected) => {
  expect(lookUpUser(root, wanted, "the image runs as")).toEqual(expected);
});

test.each([
  "nosuch",
  "app:nosuch",
  "-1",
  "1e3",
  "0x10",
  "2147483648",
  "odd",
  "short",
  "app:strange",
  "app:-1",
])("%j cannot be", async (wanted) => {
  const error = await failureOf(() => lookUpUser(root, wanted, "the image runs as"));
  expect(error.code).toBe("BAD_ARGUMENT");
  expect(error.message).toContain(wanted);
});

test("without /etc/passwd and /etc/group there are root and numbers", async () => {
  const empty = testdir();
  expect(lookUpUser(empty, "", "the image runs as")).toEqual({ uid: 0, gid: 0 });
  expect(lookUpUser(empty, "5:6", "the image runs as")).toEqual({ uid: 5, gid: 6 });
  expect((await failureOf(() => lookUpUser(empty, "root", "the image runs as"))).code).toBe("BAD_ARGUMENT");
});

test("the files are those of the container, also behind links that mean to leave it", () => {
  const directory = testdir({
    "outside/passwd": "app:x:9:9::/:",
    "root/etc/passwd": { symlink: "/outside/passwd" },
    "root/outside/passwd": "app:x:5:5::/:",
    "root/etc/group": { symlink: "../../../outside/none" },
  });
  expect(lookUpUser(`${directory}/root`, "app", "the image runs as")).toEqual({ uid: 5, gid: 5 });
});

test("a user namespace has to have the user and all groups; without one there is everybody", async () => {
  const of = (user: ProcessUser, gids = [{ size: 5 }, { containerID: 100, hostID: 9, size: 2 }]) =>
    failureOf(() => {
      requireMapped(user, { uids: [{ size: 10 }], gids }, "it is to run as");
    });
  requireMapped({ uid: 9, gid: 101 }, { uids: [{ size: 10 }], gids: [{ containerID: 100, size: 2 }] }, "");
  requireMapped({ uid: 70_000, gid: 70_000 }, { uids: [], gids: [] }, "");
  expect((await of({ uid: 10, gid: 0 })).message).toBe(
    "it is to run as user 10, whom its user namespace does not have",
  );
  const error = await of({ uid: 0, gid: 0, additionalGids: [0, 5] });
  expect([error.code, error.message, error.hint]).toEqual([
    "BAD_ARGUMENT",
    "it is to run as group 5, whom its user namespace does not have",
    "it has 0 to 4, 100 to 101",
  ]);
});
