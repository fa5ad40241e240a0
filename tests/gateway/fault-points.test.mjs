// Faults at some steps; fault-points.all.mjs has the rest.
import { testFaultPoints } from './fault-points/run.mjs';

testFaultPoints({ modes: ['throw'], every: 3 });
