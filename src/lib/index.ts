export { KpodError } from "./errors";
