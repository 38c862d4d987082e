using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A named tree of parameters, buffers and submodules.</summary>
        public class Module : IDisposable
        {
            private readonly List<(string Name, Parameter? Value)> _parameters = [];
            private readonly List<(string Name, Tensor? Value, bool Persistent)> _buffers = [];
            private readonly List<(string Name, Module Value)> _modules = [];
            private readonly string _name;
            private bool _disposed;

            protected Module(string name) => _name = name;

            public virtual bool training { get; private set; } = true;

            public virtual string GetName() => _name;

            public virtual void train(bool on = true)
            {
                training = on;
                foreach (var (_, module) in _modules)
                {
                    module.train(on);
                }
            }

            public virtual void eval() => train(false);

            public virtual void register_parameter(string name, Parameter? param)
            {
                Set(_parameters.FindIndex(entry => entry.Name == name), _parameters, (name, param));
                param?.DetachFromDisposeScope();
            }

            public virtual void register_buffer(string name, Tensor? tensor, bool persistent = true)
            {
                Set(_buffers.FindIndex(entry => entry.Name == name), _buffers, (name, tensor, persistent));
                tensor?.DetachFromDisposeScope();
            }

            public virtual void register_module(string name, Module submodule)
            {
                ArgumentNullException.ThrowIfNull(submodule);
                Set(_modules.FindIndex(entry => entry.Name == name), _modules, (name, submodule));
            }

            public virtual void add_module(string name, Module submodule) => register_module(name, submodule);

            public virtual IEnumerable<(string name, Module module)> named_children() => _modules.Select(entry => (entry.Name, entry.Value));

            public virtual IEnumerable<Module> children() => _modules.Select(entry => entry.Value);

            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach (var (name, module) in _modules)
                {
                    yield return (name, module);
                    foreach (var (inner, nested) in module.named_modules())
                    {
                        yield return ($"{name}.{inner}", nested);
                    }
                }
            }

            public virtual IEnumerable<Module> modules() => named_modules().Select(entry => entry.module);

            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
                Distinct(Walk(recurse, module => module._parameters.Where(entry => entry.Value is not null).Select(entry => (entry.Name, entry.Value!))));

            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(entry => entry.parameter);

            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true) =>
                Distinct(Walk(recurse, module => module._buffers.Where(entry => entry.Value is not null).Select(entry => (entry.Name, entry.Value!))));

            public virtual IEnumerable<Tensor> buffers(bool recurse = true) => named_buffers(recurse).Select(entry => entry.buffer);

            public virtual Parameter? get_parameter(string target) => named_parameters().FirstOrDefault(entry => entry.name == target).parameter;

            public virtual Tensor? get_buffer(string target) => named_buffers().FirstOrDefault(entry => entry.name == target).buffer;

            public virtual bool has_parameter(string target) => get_parameter(target) is not null;

            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            /// <summary>Parameters and persistent buffers by name; the tensors are the module's own.</summary>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                string start = string.IsNullOrEmpty(prefix) ? "" : prefix + ".";
                foreach (var (name, value) in Walk<Tensor>(true, module => module._parameters.Where(entry => entry.Value is not null)
                    .Select(entry => (entry.Name, (Tensor)entry.Value!))
                    .Concat(module._buffers.Where(entry => entry.Persistent && entry.Value is not null).Select(entry => (entry.Name, entry.Value!)))))
                {
                    destination[start + name] = value;
                }

                return destination;
            }

            public virtual (IList<string> missing_keys, IList<string> unexpected_keys) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                var own = state_dict();
                List<string> missing = [.. own.Keys.Where(key => !source.ContainsKey(key) && skip?.Contains(key) != true)];
                List<string> unexpected = [.. source.Keys.Where(key => !own.ContainsKey(key) && skip?.Contains(key) != true)];
                if (strict && (missing.Count > 0 || unexpected.Count > 0))
                {
                    throw new InvalidOperationException(
                        $"The loaded state_dict is not identical to the target dictionary. Missing: {string.Join(", ", missing)}. Unexpected: {string.Join(", ", unexpected)}.");
                }

                using var mode = no_grad();
                foreach (var (key, value) in source)
                {
                    if (own.TryGetValue(key, out var target) && skip?.Contains(key) != true)
                    {
                        target.copy_(value);
                    }
                }

                return (missing, unexpected);
            }

            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (var parameter in parameters())
                {
                    if (set_to_none)
                    {
                        parameter.grad = null;
                    }
                    else
                    {
                        using var gradient = parameter.grad;
                        gradient?.zero_();
                    }
                }
            }

            public virtual Module apply(Action<Module> fn)
            {
                foreach (var module in children())
                {
                    module.apply(fn);
                }

                fn(this);
                return this;
            }

            /// <summary>Registers the parameters, buffers and modules that stand in fields.</summary>
            protected virtual void RegisterComponents()
            {
                for (var type = GetType(); type is not null && type != typeof(Module); type = type.BaseType)
                {
                    foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                    {
                        string name = field.GetCustomAttribute<ComponentNameAttribute>()?.Name ?? field.Name;
                        switch (field.GetValue(this))
                        {
                            case Module module when _modules.All(entry => !ReferenceEquals(entry.Value, module)):
                                register_module(name, module);
                                break;
                            case Modules.Parameter parameter when _parameters.All(entry => !ReferenceEquals(entry.Value, parameter)):
                                register_parameter(name, parameter);
                                break;
                            case Tensor tensor and not Modules.Parameter when _buffers.All(entry => !ReferenceEquals(entry.Value, tensor)):
                                register_buffer(name, tensor);
                                break;
                        }
                    }
                }
            }

            protected internal virtual Module _to(Device device, ScalarType? dtype, bool non_blocking)
            {
                using var mode = no_grad();
                foreach (var (_, value) in _parameters)
                {
                    if (value is not null)
                    {
                        Move(value, device, dtype, non_blocking);
                        using var gradient = value.grad;
                        if (gradient is not null)
                        {
                            using var moved = Moved(gradient, device, dtype, non_blocking);
                            value.grad = moved;
                        }
                    }
                }

                foreach (var (_, value, _) in _buffers)
                {
                    if (value is not null)
                    {
                        Move(value, device, dtype, non_blocking);
                    }
                }

                foreach (var (_, module) in _modules)
                {
                    module._to(device, dtype, non_blocking);
                }

                return this;
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                if (!disposing || _disposed)
                {
                    return;
                }

                _disposed = true;
                _parameters.ForEach(entry => entry.Value?.Dispose());
                _buffers.ForEach(entry => entry.Value?.Dispose());
                _modules.ForEach(entry => entry.Value.Dispose());
            }

            private static void Move(Tensor tensor, Device device, ScalarType? dtype, bool nonBlocking)
            {
                using var moved = Moved(tensor, device, dtype, nonBlocking);
                tensor.set_(moved);
            }

            private static Tensor Moved(Tensor tensor, Device device, ScalarType? dtype, bool nonBlocking) =>
                tensor.to(dtype is { } type && tensor.is_floating_point() ? type : tensor.dtype, device, non_blocking: nonBlocking);

            private static void Set<T>(int index, List<T> entries, T entry)
            {
                if (index >= 0)
                {
                    entries[index] = entry;
                }
                else
                {
                    entries.Add(entry);
                }
            }

            private IEnumerable<(string Name, T Value)> Walk<T>(bool recurse, Func<Module, IEnumerable<(string, T)>> own)
            {
                foreach (var entry in own(this))
                {
                    yield return entry;
                }

                if (!recurse)
                {
                    yield break;
                }

                foreach (var (name, module) in _modules)
                {
                    foreach (var (inner, value) in module.Walk(true, own))
                    {
                        yield return ($"{name}.{inner}", value);
                    }
                }
            }

            private static IEnumerable<(string, T)> Distinct<T>(IEnumerable<(string Name, T Value)> entries) where T : Tensor
            {
                var seen = new HashSet<T>(ReferenceEqualityComparer.Instance);
                return entries.Where(entry => seen.Add(entry.Value));
            }
        }

        public abstract class Module<T, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T input);

            public TResult call(T input) => forward(input);
        }

        public abstract class Module<T1, T2, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T1 input1, T2 input2);

            public TResult call(T1 input1, T2 input2) => forward(input1, input2);
        }

        public abstract class Module<T1, T2, T3, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T1 input1, T2 input2, T3 input3);

            public TResult call(T1 input1, T2 input2, T3 input3) => forward(input1, input2, input3);
        }

        public abstract class Module<T1, T2, T3, T4, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T1 input1, T2 input2, T3 input3, T4 input4);

            public TResult call(T1 input1, T2 input2, T3 input3, T4 input4) => forward(input1, input2, input3, input4);
        }
    }
}

[AttributeUsage(AttributeTargets.Field)]
public sealed class ComponentNameAttribute : Attribute
{
    public required string Name { get; init; }
}

public static class ModuleExtensionMethods
{
    public static T to<T>(this T module, torch.Device device, bool non_blocking = false) where T : torch.nn.Module => (T)module._to(device, null, non_blocking);

    public static T to<T>(this T module, torch.Device device, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module =>
        (T)module._to(device, type, non_blocking);

    public static T to<T>(this T module, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module =>
        (T)module._to(module.parameters().FirstOrDefault()?.device ?? torch.CPU, type, non_blocking);

    public static T to<T>(this T module, DeviceType type, int deviceIndex = -1) where T : torch.nn.Module =>
        (T)module._to(torch.device(type, deviceIndex), null, false);

    public static T cpu<T>(this T module) where T : torch.nn.Module => module.to(torch.CPU);

    public static T cuda<T>(this T module) where T : torch.nn.Module => module.to(torch.CUDA);

    public static T half<T>(this T module) where T : torch.nn.Module => module.to(torch.ScalarType.Float16);

    public static T bfloat16<T>(this T module) where T : torch.nn.Module => module.to(torch.ScalarType.BFloat16);

    public static T @float<T>(this T module) where T : torch.nn.Module => module.to(torch.ScalarType.Float32);
}
