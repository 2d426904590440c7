/** The console's sound as pure functions and classes, for worklets, drawings and tests. */

export * from "./biquad";
export * from "./columns";
export * from "./compressor";
export * from "./equalizer";
export * from "./glide";
export * from "./limiter";
export * from "./loudness";
export * from "./master";
export * from "./panning";
export * from "./strip";
export * from "./tracks";
export * from "./units";
