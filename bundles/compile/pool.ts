/** Tables of equal things kept once, in order of first use. */
export class Pool<T> {
  readonly items: T[] = [];
  private readonly ids = new Map<string, number>();

  /** The id of the item with this key; the first one given stays. */
  add(key: string, item: T): number {
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.items.length;
      this.ids.set(key, id);
      this.items.push(item);
    }
    return id;
  }
}
