// What the layers that draw for themselves share: a program of two shaders, and a matrix about a place of their own.

export interface Program {
  program: WebGLProgram;
  at: Record<string, WebGLUniformLocation | null>;
}

/** The matrix times a translation, in double precision, handed over in single. */
export function shifted(m: ArrayLike<number>, x: number, y: number): Float32Array {
  const out = Float32Array.from(m);
  for (let row = 0; row < 4; row++) out[12 + row] = m[row] * x + m[4 + row] * y + m[12 + row];
  return out;
}

function compile(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type)!;
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}

/** A program, with the places of its uniforms. Throws where the shaders do not link. */
export function link(gl: WebGL2RenderingContext, vertex: string, fragment: string, uniforms: readonly string[]): Program {
  const program = gl.createProgram()!;
  gl.attachShader(program, compile(gl, gl.VERTEX_SHADER, vertex));
  gl.attachShader(program, compile(gl, gl.FRAGMENT_SHADER, fragment));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`a layer of the map: ${gl.getProgramInfoLog(program) ?? 'the shaders do not link'}`);
  }
  return { program, at: Object.fromEntries(uniforms.map((name) => [name, gl.getUniformLocation(program, name)])) };
}
