// Shaders of the flow layer. Units are CSS pixels; `across` is measured from the (shifted) axis of the street.

export const VERTEX_SHADER = `#version 300 es
precision highp float;
layout(location = 0) in vec2 corner;
layout(location = 1) in vec4 ends;
layout(location = 2) in vec2 shape;
layout(location = 3) in vec4 colour;
uniform mat4 matrix;
uniform vec2 viewport;
uniform float zoomScale;
out vec4 tint;
out vec2 local;
out vec2 extent;
out float hatched;

void main() {
  vec4 startClip = matrix * vec4(ends.xy, 0.0, 1.0);
  vec4 endClip = matrix * vec4(ends.zw, 0.0, 1.0);
  if (startClip.w < 1e-6 || endClip.w < 1e-6) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    return;
  }
  vec2 start = startClip.xy / startClip.w * viewport * 0.5;
  vec2 end = endClip.xy / endClip.w * viewport * 0.5;
  float span = distance(start, end);
  vec2 along = span > 1e-4 ? (end - start) / span : vec2(1.0, 0.0);
  vec2 right = vec2(along.y, -along.x);
  float radius = shape.x * zoomScale * 0.5;
  float margin = radius + 1.0;
  // Traffic drives on the right of the axis, so that the two directions of a street lie side by side.
  vec2 axis = right * (radius + 0.4);
  float forward = mix(-margin, span + margin, corner.y);
  vec2 position = start + axis + along * forward + right * corner.x * margin;
  tint = colour;
  local = vec2(forward, corner.x * margin);
  extent = vec2(span, radius);
  hatched = shape.y;
  gl_Position = vec4(position / (viewport * 0.5), 0.0, 1.0);
}`;

/** Whether a fragment is beyond the divider, or between the stripes of what is hatched: for streets and areas alike. */
export const UNSEEN = `
uniform float pixelRatio;
uniform float divider;
uniform float side;

bool unseen(bool hatched) {
  if (side < 0.0 && gl_FragCoord.x > divider) return true;
  if (side > 0.0 && gl_FragCoord.x <= divider) return true;
  return hatched && mod((gl_FragCoord.x + gl_FragCoord.y) / pixelRatio, 7.0) < 3.0;
}`;

export const FRAGMENT_SHADER = `#version 300 es
precision highp float;
in vec4 tint;
in vec2 local;
in vec2 extent;
in float hatched;
out vec4 fragment;
${UNSEEN}

void main() {
  if (unseen(hatched > 0.5)) discard;
  float beyond = local.x - clamp(local.x, 0.0, extent.x);
  float distanceToAxis = length(vec2(beyond, local.y));
  float cover = clamp(extent.y + 0.5 - distanceToAxis, 0.0, 1.0) * tint.a;
  if (cover <= 0.0) discard;
  fragment = vec4(tint.rgb * cover, cover);
}`;
