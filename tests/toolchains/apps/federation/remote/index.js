// What others use of this build is in remoteEntry.js.
