// SHA-256 of a file. crypto.subtle is fast, but takes a file only as a whole, and browsers offer it only over HTTPS and
// on localhost. So large files, and every file over plain HTTP, are hashed here in pieces, several times as slowly.

const WHOLE = 64 * 1024 * 1024;
const PIECE = 4 * 1024 * 1024;

// Fractional parts of the square and cube roots of the first primes.
const primes = [];
for (let number = 2; primes.length < 64; number += 1) {
  if (primes.every((prime) => number % prime)) primes.push(number);
}
// Exact: 32 bits of the fraction need 35 or fewer bits of the root, doubles have 53.
const START = Int32Array.from(primes.slice(0, 8), (prime) => ((Math.sqrt(prime) % 1) * 2 ** 32) | 0);
const ROUND = Int32Array.from(primes, (prime) => ((Math.cbrt(prime) % 1) * 2 ** 32) | 0);

export class Sha256 {
  constructor() {
    this.state = Int32Array.from(START);
    this.words = new Int32Array(64);
    this.rest = new Uint8Array(64);
    this.filled = 0;
    this.length = 0;
  }

  update(bytes) {
    this.length += bytes.length;
    let start = 0;
    if (this.filled) {
      start = Math.min(64 - this.filled, bytes.length);
      this.rest.set(bytes.subarray(0, start), this.filled);
      this.filled += start;
      if (this.filled < 64) return;
      this.block(this.rest, 0);
      this.filled = 0;
    }
    for (; start + 64 <= bytes.length; start += 64) this.block(bytes, start);
    this.rest.set(bytes.subarray(start));
    this.filled = bytes.length - start;
  }

  block(bytes, start) {
    const { words, state } = this;
    for (let i = 0; i < 16; i += 1) {
      const at = start + 4 * i;
      words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < 64; i += 1) {
      const x = words[i - 15];
      const y = words[i - 2];
      const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[i] = (words[i - 16] + low + words[i - 7] + high) | 0;
    }
    // Plain variables: taking the array apart and building a new one per block would cost most of the time.
    let a = state[0], b = state[1], c = state[2], d = state[3];
    let e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i += 1) {
      const high = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + high + ((e & f) ^ (~e & g)) + ROUND[i] + words[i]) | 0;
      const low = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f; state[6] += g; state[7] += h;
  }

  hex() {
    const bits = this.length * 8;
    const end = new Uint8Array(this.filled < 56 ? 64 - this.filled : 128 - this.filled);
    end[0] = 0x80;
    const view = new DataView(end.buffer);
    view.setUint32(end.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(end.length - 4, bits >>> 0);
    this.update(end);
    return Array.from(this.state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

export async function sha256(file) {
  if (globalThis.crypto?.subtle && file.size <= WHOLE) {
    const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  const digest = new Sha256();
  for (let start = 0; start < file.size; start += PIECE) {
    // Waiting for each piece lets the page breathe in between.
    digest.update(new Uint8Array(await file.slice(start, start + PIECE).arrayBuffer()));
  }
  return digest.hex();
}

// What a file in pieces is known by: the hash over the hashes of its pieces.
export const sha256Over = (hashes) =>
  sha256(new Blob([Uint8Array.from(hashes.join("").match(/../g), (pair) => parseInt(pair, 16))]));
