// SPDX-License-Identifier: MIT
// What we use of lean-qr, for tsc.
export interface Bitmap {
    readonly size: number;
    get(x: number, y: number): boolean;
}
export function generate(text: string): Bitmap;
