// Where the thread begins that reads for doctor while its checks are at work.
import { serveReadings } from "./lib/doctor/readings/serve";

serveReadings();
