// The logins of the older conformance suite (see conformance.test.mjs), which the newer suite has, too.
import { slowRuns, testRuns } from '../helpers/conformance/scenarios.mjs';

testRuns(slowRuns);
