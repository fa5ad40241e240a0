// What the user of the command has to change.

export class Complaint extends Error {
  name = 'Complaint';

  /** @param {string} message @param {1 | 2} [exitCode] 2 if the command line is invalid */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
