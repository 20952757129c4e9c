// Helpers of translated shaders. Registers are vectors of untyped words; what an instruction takes for a float is said at its use.
// Conversions stand in functions so that immediates such as infinity are no constant expressions, which WGSL would refuse.
fn f4(x: vec4u) -> vec4f { return bitcast<vec4f>(x); }
fn i4(x: vec4u) -> vec4i { return bitcast<vec4i>(x); }
fn bf(x: vec4f) -> vec4u { return bitcast<vec4u>(x); }
fn bi(x: vec4i) -> vec4u { return bitcast<vec4u>(x); }
fn mask(x: vec4<bool>) -> vec4u { return select(vec4u(0u), vec4u(0xffffffffu), x); }
fn nan4(x: vec4u) -> vec4<bool> { return (x & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

// Shifts stand in functions too: WGSL refuses a constant one that loses bits.
fn ishl4(x: vec4u, n: vec4u) -> vec4u { return x << (n & vec4u(31u)); }
fn ushr4(x: vec4u, n: vec4u) -> vec4u { return x >> (n & vec4u(31u)); }
fn ishr4(x: vec4u, n: vec4u) -> vec4u { return bi(i4(x) >> (n & vec4u(31u))); }

// One NaN gives the other operand.
fn fmin4(a: vec4u, b: vec4u) -> vec4u {
    let less = select(b, a, f4(a) < f4(b));
    let equal = select(less, a | b, f4(a) == f4(b));
    return select(select(equal, a, nan4(b)), b, nan4(a));
}
fn fmax4(a: vec4u, b: vec4u) -> vec4u {
    let greater = select(b, a, f4(a) > f4(b));
    let equal = select(greater, a & b, f4(a) == f4(b));
    return select(select(equal, a, nan4(b)), b, nan4(a));
}
fn sat4(x: vec4u) -> vec4u {
    let high = select(x, vec4u(0x3f800000u), f4(x) > vec4f(1.0));
    return select(high, vec4u(0u), nan4(x) | (f4(x) <= vec4f(0.0)));
}
fn ftoi4(x: vec4u) -> vec4u {
    let f = f4(x);
    let inside = bi(vec4i(clamp(f, vec4f(-2147483648.0), vec4f(2147483520.0))));
    return select(select(inside, vec4u(0x7fffffffu), f >= vec4f(2147483648.0)), vec4u(0u), nan4(x));
}
fn ftou4(x: vec4u) -> vec4u {
    let f = f4(x);
    let inside = vec4u(clamp(f, vec4f(0.0), vec4f(4294967040.0)));
    return select(select(inside, vec4u(0xffffffffu), f >= vec4f(4294967296.0)), vec4u(0u), nan4(x));
}
fn umulhi4(a: vec4u, b: vec4u) -> vec4u {
    let low = vec4u(0xffffu);
    let al = a & low;
    let ah = a >> vec4u(16u);
    let bl = b & low;
    let bh = b >> vec4u(16u);
    let middle = ah * bl + ((al * bl) >> vec4u(16u));
    return ah * bh + (middle >> vec4u(16u)) + (((middle & low) + al * bh) >> vec4u(16u));
}
fn imulhi4(a: vec4u, b: vec4u) -> vec4u {
    let zero = vec4u(0u);
    return umulhi4(a, b) - select(zero, b, i4(a) < vec4i(0)) - select(zero, a, i4(b) < vec4i(0));
}
fn udiv4(a: vec4u, b: vec4u) -> vec4u {
    return select(a / max(b, vec4u(1u)), vec4u(0xffffffffu), b == vec4u(0u));
}
fn urem4(a: vec4u, b: vec4u) -> vec4u {
    return select(a % max(b, vec4u(1u)), vec4u(0xffffffffu), b == vec4u(0u));
}
fn ubfe(width: u32, offset: u32, value: u32) -> u32 { return extractBits(value, offset & 31u, width & 31u); }
fn ibfe(width: u32, offset: u32, value: u32) -> u32 {
    return bitcast<u32>(extractBits(bitcast<i32>(value), offset & 31u, width & 31u));
}
fn bfi(width: u32, offset: u32, value: u32, base: u32) -> u32 {
    return insertBits(base, value, offset & 31u, width & 31u);
}
fn ubfe4(w: vec4u, o: vec4u, x: vec4u) -> vec4u {
    return vec4u(ubfe(w.x, o.x, x.x), ubfe(w.y, o.y, x.y), ubfe(w.z, o.z, x.z), ubfe(w.w, o.w, x.w));
}
fn ibfe4(w: vec4u, o: vec4u, x: vec4u) -> vec4u {
    return vec4u(ibfe(w.x, o.x, x.x), ibfe(w.y, o.y, x.y), ibfe(w.z, o.z, x.z), ibfe(w.w, o.w, x.w));
}
fn bfi4(w: vec4u, o: vec4u, x: vec4u, b: vec4u) -> vec4u {
    return vec4u(bfi(w.x, o.x, x.x, b.x), bfi(w.y, o.y, x.y, b.y), bfi(w.z, o.z, x.z, b.z), bfi(w.w, o.w, x.w, b.w));
}
// `firstbit_hi` counts from the most significant bit; all ones when there is none.
fn firsthi4(x: vec4u) -> vec4u { return select(countLeadingZeros(x), vec4u(0xffffffffu), x == vec4u(0u)); }
fn firstlo4(x: vec4u) -> vec4u { return select(countTrailingZeros(x), vec4u(0xffffffffu), x == vec4u(0u)); }
fn firstshi4(x: vec4u) -> vec4u { return firsthi4(select(x, ~x, i4(x) < vec4i(0))); }
// Towards zero, as the instruction says; the built-in may round to nearest.
fn half(x: u32) -> u32 {
    let sign = (x >> 16u) & 0x8000u;
    let m = x & 0x7fffffffu;
    if (m > 0x7f800000u) { return 0x7e00u; }
    if (m == 0x7f800000u) { return sign | 0x7c00u; }
    if (m >= 0x47800000u) { return sign | 0x7bffu; }
    if (m >= 0x38800000u) { return sign | ((m - 0x38000000u) >> 13u); }
    let shift = 126u - (m >> 23u);
    if (shift > 24u) { return sign; }
    return sign | (((m & 0x7fffffu) | 0x800000u) >> shift);
}
fn half4(x: vec4u) -> vec4u { return vec4u(half(x.x), half(x.y), half(x.z), half(x.w)); }
fn unhalf(x: u32) -> u32 { return bitcast<u32>(unpack2x16float(x & 0xffffu).x); }
fn unhalf4(x: vec4u) -> vec4u { return vec4u(unhalf(x.x), unhalf(x.y), unhalf(x.z), unhalf(x.w)); }
// Bytes whose reference is 0 do not count; the sum saturates.
fn msad(reference: u32, source: u32, accumulator: u32) -> u32 {
    let r = (vec4u(reference) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
    let s = (vec4u(source) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
    let d = select(max(r, s) - min(r, s), vec4u(0u), r == vec4u(0u));
    let sum = d.x + d.y + d.z + d.w;
    return select(accumulator + sum, 0xffffffffu, accumulator > 0xffffffffu - sum);
}
fn msad4(r: vec4u, s: vec4u, a: vec4u) -> vec4u {
    return vec4u(msad(r.x, s.x, a.x), msad(r.y, s.y, a.y), msad(r.z, s.z, a.z), msad(r.w, s.w, a.w));
}
// Direct3D 9: zero times anything is zero, and powers are of magnitudes.
fn mul9(a: vec4u, b: vec4u) -> vec4u {
    return select(bf(f4(a) * f4(b)), vec4u(0u), (f4(a) == vec4f(0.0)) | (f4(b) == vec4f(0.0)));
}
fn dot9(a: vec4u, b: vec4u, count: u32) -> vec4u {
    let p = f4(mul9(a, b));
    let three = p.x + p.y + p.z;
    return vec4u(bitcast<u32>(select(three, three + p.w, count == 4u)));
}
// WGSL leaves open what powers of zero are.
fn pow9(a: vec4u, b: vec4u) -> vec4u {
    let of_zero = select(vec4u(), vec4u(0x7f800000u), f4(b) < vec4f(0.0));
    let power = select(bf(pow(abs(f4(a)), f4(b))), of_zero, f4(a) == vec4f(0.0));
    return select(power, vec4u(0x3f800000u), f4(b) == vec4f(0.0));
}
