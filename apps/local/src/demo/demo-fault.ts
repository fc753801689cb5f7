/** Why the demo did not get to its end; the system itself runs on. */
export class DemoFault extends Error {
  override readonly name = 'DemoFault';
}
