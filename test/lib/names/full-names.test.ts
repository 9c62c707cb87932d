import { checkName, containerFullName, podFullName } from "../../../src/lib/names/full-names";
import { failureOf } from "../../helpers/failure";

test("full names are those of CRI-O and the kubelet", () => {
  const pod = { name: "web", namespace: "refns", uid: "uid-web-1", attempt: 2 };
  expect(podFullName(pod)).toBe("k8s_web_refns_uid-web-1_2");
  expect(containerFullName("run", pod, 1)).toBe("k8s_run_web_refns_uid-web-1_1");
});

test.each(["a", "web-1", "A.b_c-d", "0", "x".repeat(253)])("%s is a name", (name) => {
  expect(checkName("pod", name)).toBe(name);
});

test.each(["", "-a", ".a", "_a", "a b", "a/b", "../a", "é", "a\n", "a\u001b[31m", "a:b", "x".repeat(254)])(
  "%j is none",
  async (name) => {
    const error = await failureOf(() => checkName("pod", name));
    expect(error.code).toBe("BAD_ARGUMENT");
    expect(error.message).toBe(`invalid pod name ${JSON.stringify(name)}`);
    expect(error.message).not.toMatch(/[\n\u001b]/);
  },
);
