// Can this browser draw the map at all? Asked before the map chunk is loaded.

export function hasWebGl2(): boolean {
  try {
    const gl = document.createElement('canvas').getContext('webgl2');
    gl?.getExtension('WEBGL_lose_context')?.loseContext(); // browsers allow few contexts at a time: give it back
    return gl !== null;
  } catch {
    return false;
  }
}
