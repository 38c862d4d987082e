using System.Collections.Concurrent;
using Parquet.Schema;

namespace Parquet.Data;

/// <summary>Takes nulls out of arrays of one type and puts them in.</summary>
internal abstract class ColumnArrays
{
    private static readonly ConcurrentDictionary<Type, ColumnArrays> Known = new();

    public static ColumnArrays Of(DataField field) => Known.GetOrAdd(field.ClrType, static type =>
        (ColumnArrays)Activator.CreateInstance((type.IsValueType ? typeof(OfValues<>) : typeof(OfReferences<>)).MakeGenericType(type))!);

    /// <summary>The values that are not null; sets the level of each to <paramref name="defined"/> or 0.</summary>
    public abstract Array RemoveNulls(Array data, int[] levels, int defined);

    /// <summary>An array as long as <paramref name="levels"/>.</summary>
    public abstract Array InsertNulls(Array data, int[] levels, int defined);

    private sealed class OfValues<T> : ColumnArrays
        where T : struct
    {
        public override Array RemoveNulls(Array data, int[] levels, int defined)
        {
            var all = (T?[])data;
            for (int i = 0; i < all.Length; i++) levels[i] = all[i] is null ? 0 : defined;
            return all.Where(value => value is not null).Select(value => value!.Value).ToArray();
        }

        public override Array InsertNulls(Array data, int[] levels, int defined)
        {
            var values = (T[])data;
            var all = new T?[levels.Length];
            for (int i = 0, next = 0; i < all.Length; i++)
                if (levels[i] == defined) all[i] = values[next++];
            return all;
        }
    }

    private sealed class OfReferences<T> : ColumnArrays
        where T : class
    {
        public override Array RemoveNulls(Array data, int[] levels, int defined)
        {
            var all = (T?[])data;
            for (int i = 0; i < all.Length; i++) levels[i] = all[i] is null ? 0 : defined;
            return all.Where(value => value is not null).ToArray();
        }

        public override Array InsertNulls(Array data, int[] levels, int defined)
        {
            var values = (T[])data;
            var all = new T?[levels.Length];
            for (int i = 0, next = 0; i < all.Length; i++)
                if (levels[i] == defined) all[i] = values[next++];
            return all;
        }
    }
}
