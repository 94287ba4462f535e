// Calls that the compiler must accept, and calls that it must reject. This file is only compiled, never run.
import { createClient, type Schemas } from "../src/index.js";

const keyfob = createClient({ url: "https://keyfob.example.com" });

export async function accepted(): Promise<string> {
  const { data } = await keyfob.GET("/api/v2/users/{user}", { params: { path: { user: "me" } } });
  const user: Schemas["User"] | undefined = data;
  await keyfob.GET("/api/v2/workspaces", { params: { query: { limit: 50, q: "owner:me" } } });
  await keyfob.POST("/api/v2/organizations", { body: { name: "acme" } });
  return user?.username ?? "unknown";
}

export async function rejected(): Promise<void> {
  // @ts-expect-error the path does not exist
  await keyfob.GET("/api/v2/nothing");
  // @ts-expect-error the parameter `user` is missing
  await keyfob.GET("/api/v2/users/{user}", {});
  // @ts-expect-error a limit is a number
  await keyfob.GET("/api/v2/workspaces", { params: { query: { limit: "many" } } });
  // @ts-expect-error a name is a string
  await keyfob.POST("/api/v2/organizations", { body: { name: 1 } });
}
