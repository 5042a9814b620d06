/**
 * G.722 at 64 kbit/s (ITU-T G.722, mode 1): 16 kHz audio in two bands, each coded by ADPCM, six bits for the lower and two for the upper. The block
 * names in the comments are those of the recommendation. Pure, fixed point, one object a direction.
 */

/** Quantiser of the lower band: decision levels and code words (table 14, 15). */
const q6 = [
  0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023,
  1_121, 1_219, 1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
];
const iln = [
  0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10,
  9, 8, 7, 6, 5, 4,
];
const ilp = [
  0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38,
  37, 36, 35, 34, 33, 32,
];
/** Inverse quantisers: four bits (adaptation), six bits (output), and two bits of the upper band. */
const qm4 = [
  0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288, 4_240,
  2_584, 1_200, 0,
];
const qm6 = [
  -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192,
  -10_232, -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008, -3_576,
  -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008, 16_704,
  14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000, 5_456, 4_944,
  4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432, 136, -432, -136,
];
const qm2 = [-7_408, -1_616, 7_408, 1_616];
/** Adaptation of the scale factors. */
const rl42 = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0];
const wl = [-60, -30, 58, 172, 334, 538, 1_198, 3_042];
const rh2 = [2, 1, 2, 1];
const wh = [0, -214, 798];
const ilb = [
  2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656, 2_714,
  2_774, 2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520, 3_597, 3_676,
  3_756, 3_838, 3_922, 4_008,
];
/** Half of the symmetric quadrature mirror filter. */
const qmf = [3, -11, 12, 32, -210, 951, 3_876, -805, 362, -156, 53, -11];

const at = (table: ArrayLike<number>, index: number): number => table[index] ?? 0;
const saturate = (value: number): number => Math.max(-32_768, Math.min(32_767, value));
const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));

/** The adaptive predictor and scale factor of one band. */
class Band {
  /** Predicted sample. */
  s = 0;
  /** Scale factor. */
  det: number;
  readonly #nbMax: number;
  readonly #shift: number;
  #nb = 0;
  #sz = 0;
  readonly #a = new Int32Array(3);
  readonly #b = new Int32Array(7);
  readonly #d = new Int32Array(7);
  readonly #p = new Int32Array(3);
  readonly #r = new Int32Array(3);

  constructor(det: number, nbMax: number, shift: number) {
    this.det = det;
    this.#nbMax = nbMax;
    this.#shift = shift;
  }

  /** LOGSCL and SCALEL, LOGSCH and SCALEH: adapts the scale factor. */
  scale(weight: number): void {
    this.#nb = clamp(((this.#nb * 127) >> 7) + weight, 0, this.#nbMax);
    const mantissa = at(ilb, (this.#nb >> 6) & 31);
    const exponent = this.#shift - (this.#nb >> 11);
    this.det = (exponent < 0 ? mantissa << -exponent : mantissa >> exponent) << 2;
  }

  /** Block 4: RECONS to PREDIC, with the quantised difference of this sample. */
  predict(difference: number): void {
    const [a, b, d, p, r] = [this.#a, this.#b, this.#d, this.#p, this.#r];
    d[0] = difference;
    r[0] = saturate(this.s + difference);
    p[0] = saturate(this.#sz + difference);
    this.#adaptPoles();
    // UPZERO and DELAYA of the zeros.
    const step = difference === 0 ? 0 : 128;
    for (let i = 6; i > 0; i--) {
      const isSame = at(d, i) >> 15 === difference >> 15;
      b[i] = saturate((isSame ? step : -step) + ((at(b, i) * 32_640) >> 15));
    }
    for (let i = 6; i > 0; i--) d[i] = at(d, i - 1);
    for (let i = 2; i > 0; i--) {
      r[i] = at(r, i - 1);
      p[i] = at(p, i - 1);
    }
    // FILTEP, FILTEZ, PREDIC.
    const sp = saturate(
      ((at(a, 1) * saturate(2 * at(r, 1))) >> 15) + ((at(a, 2) * saturate(2 * at(r, 2))) >> 15),
    );
    let sz = 0;
    for (let i = 6; i > 0; i--) sz += (at(b, i) * saturate(2 * at(d, i))) >> 15;
    this.#sz = saturate(sz);
    this.s = saturate(sp + this.#sz);
  }

  /** UPPOL2 and UPPOL1. */
  #adaptPoles(): void {
    const [a, p] = [this.#a, this.#p];
    const [sign0, sign1, sign2] = [at(p, 0) >> 15, at(p, 1) >> 15, at(p, 2) >> 15];
    const first = saturate(at(a, 1) << 2);
    const turned = sign0 === sign1 ? Math.min(32_767, -first) : first;
    const second = (sign0 === sign2 ? 128 : -128) + (turned >> 7) + ((at(a, 2) * 32_512) >> 15);
    a[2] = clamp(second, -12_288, 12_288);
    const limit = saturate(15_360 - at(a, 2));
    const next = saturate((sign0 === sign1 ? 192 : -192) + ((at(a, 1) * 32_640) >> 15));
    a[1] = clamp(next, -limit, limit);
  }
}

const lowBand = () => new Band(32, 18_432, 8);
const highBand = () => new Band(8, 22_528, 10);

export class G722Encoder {
  readonly #low = lowBand();
  readonly #high = highBand();
  readonly #history = new Int32Array(24);

  /** Codes two samples of 16 kHz into each byte. */
  encode(samples: Int16Array, into: Uint8Array): void {
    const x = this.#history;
    for (let i = 0; i + 1 < samples.length; i += 2) {
      x.copyWithin(0, 2);
      x[22] = at(samples, i);
      x[23] = at(samples, i + 1);
      let [odd, even] = [0, 0];
      for (let k = 0; k < 12; k++) {
        odd += at(x, 2 * k) * at(qmf, k);
        even += at(x, 2 * k + 1) * at(qmf, 11 - k);
      }
      const low = this.#encodeLow((even + odd) >> 14);
      into[i >> 1] = (this.#encodeHigh((even - odd) >> 14) << 6) | low;
    }
  }

  #encodeLow(sample: number): number {
    const band = this.#low;
    const error = saturate(sample - band.s);
    const magnitude = error >= 0 ? error : -(error + 1);
    let level = 1;
    while (level < 30 && magnitude >= (at(q6, level) * band.det) >> 12) level++;
    const code = at(error < 0 ? iln : ilp, level);
    const difference = (band.det * at(qm4, code >> 2)) >> 15;
    band.scale(at(wl, at(rl42, code >> 2)));
    band.predict(difference);
    return code;
  }

  #encodeHigh(sample: number): number {
    const band = this.#high;
    const error = saturate(sample - band.s);
    const magnitude = error >= 0 ? error : -(error + 1);
    const isLarge = magnitude >= (564 * band.det) >> 12;
    const code = (error < 0 ? 0 : 2) | (isLarge ? 0 : 1);
    const difference = (band.det * at(qm2, code)) >> 15;
    band.scale(at(wh, at(rh2, code)));
    band.predict(difference);
    return code;
  }
}

export class G722Decoder {
  readonly #low = lowBand();
  readonly #high = highBand();
  readonly #history = new Int32Array(24);

  /** Decodes each byte into two samples of 16 kHz. */
  decode(bytes: Uint8Array, into: Int16Array): void {
    const x = this.#history;
    for (let i = 0; i < bytes.length; i++) {
      const code = at(bytes, i);
      const low = this.#decodeLow(code & 0x3f);
      const high = this.#decodeHigh(code >> 6);
      x.copyWithin(0, 2);
      x[22] = low + high;
      x[23] = low - high;
      let [odd, even] = [0, 0];
      for (let k = 0; k < 12; k++) {
        odd += at(x, 2 * k) * at(qmf, k);
        even += at(x, 2 * k + 1) * at(qmf, 11 - k);
      }
      into[2 * i] = saturate(even >> 11);
      into[2 * i + 1] = saturate(odd >> 11);
    }
  }

  #decodeLow(code: number): number {
    const band = this.#low;
    const sample = clamp(band.s + ((band.det * at(qm6, code)) >> 15), -16_384, 16_383);
    const difference = (band.det * at(qm4, code >> 2)) >> 15;
    band.scale(at(wl, at(rl42, code >> 2)));
    band.predict(difference);
    return sample;
  }

  #decodeHigh(code: number): number {
    const band = this.#high;
    const difference = (band.det * at(qm2, code)) >> 15;
    const sample = clamp(band.s + difference, -16_384, 16_383);
    band.scale(at(wh, at(rh2, code)));
    band.predict(difference);
    return sample;
  }
}
