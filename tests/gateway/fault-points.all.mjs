// Faults at every step, of objects that fail and of objects that die.
import { testFaultPoints } from './fault-points/run.mjs';

testFaultPoints({ modes: ['throw', 'die'], every: 1 });
