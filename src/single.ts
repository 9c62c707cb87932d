// Where the executable begins: the words after its name are kpod's.
import { run } from "./main";

void run(process.argv.slice(2));
