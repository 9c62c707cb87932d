import type { NodeLayout } from "./layout.mjs";

/** The demo's layout: in KPOD_DEMO_DIR, else in /var/tmp/kpod-demo. */
export function demoLayout(environment?: Readonly<Record<string, string | undefined>>): NodeLayout;

/** @throws ScriptError where the directory holds something that no demo made. */
export function mustBeOurs(layout: Pick<NodeLayout, "directory">): void;
