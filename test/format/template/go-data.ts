import { withMaps } from "../../../src/format/template";

/** The data over which the templates of ./go-table are executed. */
export const goData = withMaps(
  {
    ID: "0123456789abcdef",
    Name: "web-1",
    State: "running",
    Empty: "",
    Uni: "héllo wörld ✓ 日本",
    PID: 4321,
    Zero: 0,
    Neg: -42,
    Big: 1234567890123,
    CPU: 12.3456,
    Tiny: 0.00001234,
    Yes: true,
    No: false,
    Names: ["a", "b c", "d"],
    None: [],
    Labels: { app: "web", tier: "front end", zz: "" },
    NoLabels: {},
    Ints: [3, 1, 2],
    Ports: [
      { Host: 80, Container: 8080, Proto: "tcp" },
      { Host: 0, Container: 53, Proto: "udp" },
    ],
    Inner: { Env: ["PATH=/bin", "X=1"], Data: { k: "v" }, Nil: null },
    Any: { n: 1, s: "x", l: [1, "two"] },
    Nest: [["a", "b"], ["c"]],
  },
  new Set(["Labels", "NoLabels", "Data", "Any"]),
);
