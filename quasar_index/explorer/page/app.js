function Ne(e,t){let o=Uint8Array.from(atob(e),n=>n.charCodeAt(0));return new t(o.buffer)}var vs="440154482475414487355f8d2a788e21918c22a8847ad151bddf26fde725",tt=Array.from({length:10},(e,t)=>Po(`#${vs.slice(6*t,6*t+6)}`)),xs=[138,138,138];function Po(e){return[1,3,5].map(t=>parseInt(e.slice(t,t+2),16))}function Ut(e){if(!(e>=0))return xs;let t=Math.min(1,e)*(tt.length-1),o=Math.min(tt.length-2,Math.floor(t));return tt[o].map((n,s)=>Math.round(n+(t-o)*(tt[o+1][s]-n)))}function To(e,t){let o=new Uint8Array(4*t).fill(255),n=e.kind==="groups"?e.groups.map(([,r])=>Po(r)):null,s=e.high-e.low;for(let r=0;r<t;r++){let i=n?0:e.values[r],a=n?n[e.codes[r]]:Ut(Number.isNaN(i)?NaN:s?(i-e.low)/s:.5);o[4*r]=a[0],o[4*r+1]=a[1],o[4*r+2]=a[2]}return o}function Oo(e){let t=e.length,o=new Uint32Array(256);for(let i=0;i<t;i++)o[e[i]]+=1;let n=[...o.keys()].filter(i=>o[i]).sort((i,a)=>o[a]-o[i]||i-a),s=new Uint32Array(256);n.reduce((i,a)=>(s[a]=i,i+o[a]),0);let r=new Uint32Array(t);for(let i=0;i<t;i++)r[s[e[i]]++]=i;return r}var Ms=`#version 300 es
in vec2 place; in vec4 colour;
uniform vec2 middle, scale; uniform float size;
out vec4 shade;
void main() { gl_Position = vec4((place - middle) * scale, 0.0, 1.0); gl_PointSize = size; shade = colour; }`,Cs=`#version 300 es
precision mediump float;
in vec4 shade; out vec4 colour;
void main() { vec2 at = gl_PointCoord - 0.5; if (dot(at, at) > 0.25) discard; colour = shade; }`,ot=class{constructor(t,o,{x:n,y:s,on:r={},dark:i=!1}){Object.assign(this,{canvas:t,over:o,x:n,y:s,on:r,n:n.length,mode:"move",dark:i}),this.hidden=null,this.dimmed=null,this.rings=new Uint32Array(0),this.gl=t.getContext("webgl2",{antialias:!1,preserveDrawingBuffer:!0}),this.gl?this._compile():this.plain=t.getContext("2d"),this.path=null,this.fit();for(let a of["pointerdown","pointermove","pointerup","pointercancel","pointerleave"])o.addEventListener(a,h=>this._pointer(h));o.addEventListener("wheel",a=>this._wheel(a),{passive:!1}),o.addEventListener("dblclick",()=>this.fit(!0)),this.observer=new ResizeObserver(()=>this.resize()),this.observer.observe(o)}close(){this.observer.disconnect(),this.gl?.getExtension("WEBGL_lose_context")?.loseContext()}fit(t=!1){let[o,n,s,r]=[1/0,-1/0,1/0,-1/0];for(let i=0;i<this.n;i++)this.x[i]<o&&(o=this.x[i]),this.x[i]>n&&(n=this.x[i]),this.y[i]<s&&(s=this.y[i]),this.y[i]>r&&(r=this.y[i]);this.box=[o,n,s,r],this.middle=[(o+n)/2,(s+r)/2],this.zoom=1,t&&this.draw()}get unit(){let[t,o,n,s]=this.box,{clientWidth:r,clientHeight:i}=this.over,a=Math.max(o-t,1e-9),h=Math.max(s-n,1e-9);return this.zoom*Math.max(1e-9,Math.min((r-40)/a,(i-40)/h))}at(t){let o=this.unit;return[this.over.clientWidth/2+(this.x[t]-this.middle[0])*o,this.over.clientHeight/2-(this.y[t]-this.middle[1])*o]}paint(t,o){Object.assign(this,{colours:t,order:o}),this._upload(),this.draw()}hide(t){this.hidden=t,this._upload(),this.draw()}dim(t){this.dimmed=t,this._upload(),this.draw()}resize(){let t=window.devicePixelRatio||1;for(let o of[this.canvas,this.over])o.width=Math.max(1,Math.round(this.over.clientWidth*t)),o.height=Math.max(1,Math.round(this.over.clientHeight*t));this._draw()}draw(){this.waiting||(this.waiting=requestAnimationFrame(()=>this._draw()))}get size(){return Math.max(2.2,Math.min(9,9-Math.log10(Math.max(this.n,1)/300)*2.5))*Math.min(2.5,Math.sqrt(this.zoom))}_compile(){let{gl:t}=this,o=t.createProgram();for(let[n,s]of[[t.VERTEX_SHADER,Ms],[t.FRAGMENT_SHADER,Cs]]){let r=t.createShader(n);t.shaderSource(r,s),t.compileShader(r),t.attachShader(o,r)}t.bindAttribLocation(o,0,"place"),t.bindAttribLocation(o,1,"colour"),t.linkProgram(o),t.useProgram(o),this.places=t.createBuffer(),this.shades=t.createBuffer(),this.uniform=Object.fromEntries(["middle","scale","size"].map(n=>[n,t.getUniformLocation(o,n)])),t.enable(t.BLEND),t.blendFuncSeparate(t.SRC_ALPHA,t.ONE_MINUS_SRC_ALPHA,t.ONE,t.ONE_MINUS_SRC_ALPHA)}_upload(){if(!this.colours)return;let t=this.hidden?this.order.filter(r=>!this.hidden[r]):this.order;if(this.drawn=t,!this.gl)return;let o=new Float32Array(2*t.length),n=new Uint8Array(4*t.length);for(let r=0;r<t.length;r++){let i=t[r];o[2*r]=this.x[i],o[2*r+1]=this.y[i],n[4*r]=this.colours[4*i],n[4*r+1]=this.colours[4*i+1],n[4*r+2]=this.colours[4*i+2],n[4*r+3]=this.dimmed?.[i]?45:225}let{gl:s}=this;s.bindBuffer(s.ARRAY_BUFFER,this.places),s.bufferData(s.ARRAY_BUFFER,o,s.STATIC_DRAW),s.enableVertexAttribArray(0),s.vertexAttribPointer(0,2,s.FLOAT,!1,0,0),s.bindBuffer(s.ARRAY_BUFFER,this.shades),s.bufferData(s.ARRAY_BUFFER,n,s.STATIC_DRAW),s.enableVertexAttribArray(1),s.vertexAttribPointer(1,4,s.UNSIGNED_BYTE,!0,0,0)}_draw(){if(cancelAnimationFrame(this.waiting),this.waiting=0,!this.drawn||!this.over.clientWidth)return;let t=this.canvas.width/this.over.clientWidth,o=this.unit;if(this.gl){let{gl:n}=this;n.viewport(0,0,this.canvas.width,this.canvas.height),n.clearColor(0,0,0,0),n.clear(n.COLOR_BUFFER_BIT),n.uniform2f(this.uniform.middle,...this.middle),n.uniform2f(this.uniform.scale,2*o/this.over.clientWidth,2*o/this.over.clientHeight),n.uniform1f(this.uniform.size,this.size*t),n.drawArrays(n.POINTS,0,this.drawn.length)}else this._drawPlain(t);this._drawOver(t),this.on.moved?.()}_drawPlain(t){let{plain:o,colours:n}=this,s=this.size;o.setTransform(t,0,0,t,0,0),o.clearRect(0,0,this.over.clientWidth,this.over.clientHeight);for(let r of this.drawn){let[i,a]=this.at(r),[h,f,l]=n.subarray(4*r,4*r+3);o.fillStyle=`rgb(${h} ${f} ${l} / ${this.dimmed?.[r]?.18:.88})`,o.fillRect(i-s/2,a-s/2,s,s)}}_drawOver(t){let o=this.over.getContext("2d");o.setTransform(t,0,0,t,0,0),o.clearRect(0,0,this.over.clientWidth,this.over.clientHeight),o.strokeStyle=this.dark?"#fff":"#000",o.lineWidth=1.3;for(let n of this.rings){let[s,r]=this.at(n);o.beginPath(),o.arc(s,r,this.size/2+2.5,0,7),o.stroke()}this.path&&(o.beginPath(),this.path.forEach(([n,s],r)=>r?o.lineTo(n,s):o.moveTo(n,s)),o.closePath(),o.fillStyle="rgb(90 160 250 / .18)",o.fill(),o.setLineDash([5,4]),o.stroke(),o.setLineDash([]))}nearest(t,o,n=9){let s=this.unit,r=this.middle[0]+(t-this.over.clientWidth/2)/s,i=this.middle[1]-(o-this.over.clientHeight/2)/s,a=(Math.max(n,this.size/2+2)/s)**2,h=-1;for(let f=0;f<this.n;f++){let l=(this.x[f]-r)**2+(this.y[f]-i)**2;l<a&&!this.hidden?.[f]&&(a=l,h=f)}return h}inside(t){let o=Math.max(1,this.over.clientHeight),n=Array.from({length:o},()=>[]);t.forEach(([f,l],$)=>{let[g,p]=t[($+1)%t.length],m=Math.max(0,Math.floor(Math.min(l,p))),b=Math.min(o-1,Math.floor(Math.max(l,p)));for(let _=m;_<=b;_++)n[_].push([f,l,g,p])});let s=this.unit,[r,i]=[this.over.clientWidth/2,this.over.clientHeight/2],a=new Uint32Array(this.n),h=0;for(let f=0;f<this.n;f++){let l=i-(this.y[f]-this.middle[1])*s;if(!(l>=0&&l<o)||this.hidden?.[f])continue;let $=r+(this.x[f]-this.middle[0])*s,g=!1;for(let[p,m,b,_]of n[Math.floor(l)])m>l!=_>l&&$<p+(l-m)/(_-m)*(b-p)&&(g=!g);g&&(a[h++]=f)}return a.slice(0,h)}zoomBy(t,o=0,n=0){let s=this.unit;this.zoom=Math.max(.5,Math.min(500,this.zoom*t));let r=1/s-1/this.unit;this.middle=[this.middle[0]+o*r,this.middle[1]-n*r],this.draw()}moveBy(t,o){let n=this.unit;this.middle=[this.middle[0]-t/n,this.middle[1]+o/n],this.draw()}_place(t){let o=this.over.getBoundingClientRect();return[t.clientX-o.left,t.clientY-o.top]}_wheel(t){t.preventDefault();let[o,n]=this._place(t),s=t.deltaMode===1?30:1;this.zoomBy(Math.exp(-t.deltaY*s*.0018),o-this.over.clientWidth/2,n-this.over.clientHeight/2)}_pointer(t){let o=this._place(t);if(t.type==="pointerdown"&&t.button===0)this.over.setPointerCapture(t.pointerId),this.grab={from:o,last:o,moved:!1},this.on.lasso&&this.mode==="lasso"!==t.shiftKey&&(this.path=[o]);else if(t.type==="pointermove"&&this.grab){let[n,s]=[o[0]-this.grab.last[0],o[1]-this.grab.last[1]];if(Math.hypot(o[0]-this.grab.from[0],o[1]-this.grab.from[1])>3&&(this.grab.moved=!0),this.path){if(Math.hypot(n,s)<2)return;this.path.push(o),this.draw()}else this.moveBy(n,s);this.grab.last=o}else if(t.type==="pointermove")this.pointed=[o,t],this.pointing||=requestAnimationFrame(()=>{this.pointing=0,this.pointed&&this.on.hover?.(this.nearest(...this.pointed[0]),this.pointed[1])});else if(t.type==="pointerup"&&this.grab){let{moved:n}=this.grab,s=this.path;this.grab=this.path=null,n?s?.length>2&&this.on.lasso?.(this.inside(s),t):this.on.click?.(this.nearest(...o),t),this.draw()}else(t.type==="pointercancel"||t.type==="pointerleave")&&(t.type==="pointercancel"&&(this.grab=this.path=null),this.pointed=null,this.grab||this.on.hover?.(-1,t))}};var be=class extends Error{constructor(t,{gone:o=!1,status:n=0}={}){super(t),this.gone=o,this.status=n}},zo="The server has stopped: run the command again.",Ss="This page is not known to the server any more: open the address that the command printed.",Lo="";function jt(e){Lo=e??""}async function Bt(e,t){let o;try{o=await fetch(e,{credentials:"same-origin",cache:"no-store",...t})}catch(r){throw r.name==="AbortError"?r:new be(zo,{gone:!0})}let n=null;try{n=await o.json()}catch(r){if(r.name==="AbortError")throw r;if(o.ok)throw new be(zo,{gone:!0})}if(o.ok)return n;let s=o.status;throw s===401||s===403?new be(Ss,{gone:!0,status:s}):s===409?new be("The command was started again: this page loads anew.",{gone:!0,status:s}):new be(n?.error??`The server answered ${s}.`,{status:s})}var Z=(e,t)=>Bt(e,{signal:t}),ye=(e,t)=>Bt(e,{method:"POST",headers:{"Content-Type":"application/json","X-Run":Lo},body:JSON.stringify(t)}),Ro=(e,t)=>Bt(e,{method:"POST",headers:{"Content-Type":t.type||"application/octet-stream","X-Name":encodeURIComponent(t.name??"")},body:t}),Se=e=>new Promise(t=>setTimeout(t,e));var Es=Object.freeze({mark:"",stars:0}),nt=class{constructor(t){this.on=t,this.states=new Map,this.queue=[],this.busy=!1,this.version=0,this.counts={pick:0,reject:0,stars:0},this.unkept=new Set}of(t){return this.states.get(t)??Es}isKept(t){return!this.unkept.has(t)}async load(){this._take((await Z("/api/marks")).marks,!0)}arrive(t,o){let n=!1;for(let s of o){let r=t.id[s];!t.mark?.[s]&&!t.stars?.[s]||this.unkept.has(r)||(this.states.set(r,{mark:t.mark[s],stars:t.stars[s]}),n=!0)}n&&this._changed()}waitingFor(t){return this.queue.filter(o=>o.before).map(({ids:o,body:n})=>({names:o.map(t),body:n}))}async resend(t,o){for(let{names:n,body:s}of t){let r=n.map(i=>o.get(i)).filter(i=>i!==void 0);r.length&&await ye("/api/marks",{...s,ids:r})}}set(t,o){let n=t.map(s=>[s,this.of(s)]);for(let s of t)this.states.set(s,{...this.of(s),...o});this.queue.push({path:"/api/marks",body:{ids:t,...o},ids:t,before:n}),this._changed(),this._pump()}undo(){let t=this.queue.at(-1);if(t?.before&&!(this.busy&&this.queue.length===1&&!this.waiting)){this.queue.pop();for(let[o,n]of t.before)this.states.set(o,n);this._changed(),this.on.undone(t.ids);return}this.queue.push({path:"/api/undo",body:{},ids:[],before:null}),this._pump()}async _pump(){if(!this.busy){for(this.busy=!0;this.queue.length;){let t=this.queue[0];try{let{marks:o}=await ye(t.path,t.body);this._done(t);let n=new Set(this.queue.flatMap(s=>s.ids));this._take(Object.fromEntries(Object.entries(o??{}).filter(([s])=>!n.has(Number(s)))),!1),t.path==="/api/undo"&&this.on.undone(Object.keys(o??{}).map(Number))}catch(o){if(this.on.failed(o),o.gone){for(this.waiting=!0;!this.on.isBack();)await Se(300);this.waiting=!1;continue}this._done(t);try{await this.load()}catch{}}}this.busy=!1,this._changed()}}_done(t){let o=this.queue.indexOf(t);o>=0&&this.queue.splice(o,1)}_take(t,o){o&&(this.states=new Map);for(let[n,{mark:s,stars:r}]of Object.entries(t??{}))this.states.set(Number(n),{mark:s??"",stars:r??0});if(o)for(let n of this.queue)this._again(n);this._changed()}_again({ids:t,body:o}){let{mark:n,stars:s}=o;for(let r of t)this.states.set(r,{mark:n??this.of(r).mark,stars:s??this.of(r).stars})}_changed(){let t={pick:0,reject:0,stars:0};for(let{mark:o,stars:n}of this.states.values())o&&(t[o]+=1),n&&(t.stars+=1);this.counts=t,this.unkept=new Set(this.queue.flatMap(o=>o.ids)),this.version+=1,this.on.changed()}};var No=["id","name","folder","score","familiarity","opinion","low","high","taken","width","height","burst","error"];var Ue=class{constructor(){this.n=0,this.version=0,this.rows=new Map,this.scored=0,this.unlike=0,this.broken=0,this.bursts=new Map;for(let t of No)this[t]=[]}append(t){let o=[];for(let n=0;n<t.id.length;n++){if(this.rows.has(t.id[n]))continue;o.push(n),this.rows.set(t.id[n],this.n);for(let r of No)this[r].push(t[r]?.[n]??null);this.error[this.n]||this.score[this.n]===null?this.broken+=1:this.scored+=1;let s=this.familiarity[this.n];s!==null&&s<.05&&(this.unlike+=1),this.n+=1}return o.length&&(this.version+=1),o}group(t){for(let n=0;n<this.n;n++)this.burst[n]=t[this.id[n]];let o=new Map;for(let n=0;n<this.n;n++){let s=this.burst[n];s!=null&&(o.has(s)?o.get(s).push(n):o.set(s,[n]))}this.bursts=new Map([...o].filter(([,n])=>n.length>1));for(let n of this.bursts.values())n.sort((s,r)=>(this.score[r]??-1)-(this.score[s]??-1)||s-r);this.version+=1}burstOf(t){return this.bursts.get(this.burst[t])??[]}file(t){let o=this.name[t]??"";return o.slice(o.lastIndexOf("/")+1)}};var st={best:"score, best first",worst:"score, worst first",name:"name",time:"time taken",strange:"least familiar first"},rt={all:"All",pick:"Picks",reject:"Rejects",none:"Undecided",stars:"With stars",burst:"Bursts",unlike:"Unlike the anchors",broken:"Not scored"};function Dt(e,t,o){let n=new Float64Array(e);for(let r=0;r<e;r++){let i=t[r];n[r]=i==null?1/0:o*i}let s=new Uint32Array(e);for(let r=0;r<e;r++)s[r]=r;return s.sort((r,i)=>n[r]<n[i]?-1:n[r]>n[i]?1:r-i)}var As=e=>e.toLowerCase().replace(/\d+/g,t=>t.padStart(12,"0"));function It(e,t){let o=e.n;if(t==="name"){let n=e.name.map(As),s=Uint32Array.from({length:o},(i,a)=>a),r=(i,a)=>n[i]<n[a]?-1:n[i]>n[a]?1:i-a;return s.sort((i,a)=>e.folder[i]-e.folder[a]||r(i,a))}return t==="time"?Dt(o,e.taken,1):t==="strange"?Dt(o,e.familiarity,1):Dt(o,e.score,t==="worst"?1:-1)}function Ps(e,t,o){let n=s=>t.of(e.id[s]);return{all:()=>!0,pick:s=>n(s).mark==="pick",reject:s=>n(s).mark==="reject",none:s=>n(s).mark===""&&!X(e,s),stars:s=>n(s).stars>0,burst:s=>e.burstOf(s).length>1,unlike:s=>e.familiarity[s]!==null&&e.familiarity[s]<.05,broken:s=>X(e,s)}[o]}var X=(e,t)=>!!e.error[t]||e.score[t]===null;function Uo(e,t,o,{show:n,low:s,high:r,query:i,fold:a,open:h}){let f=Ps(t,o,n),l=i.trim().toLowerCase(),$=[],g=a&&t.bursts.size>0,p=new Map,m=b=>{let _=t.score[b];return s!==null&&!(_!==null&&_>=s)||r!==null&&!(_!==null&&_<=r)||l&&!(t.name[b]??"").toLowerCase().includes(l)?!1:f(b)};for(let b of e)if(m(b)){if(g){let _=t.burstOf(b);if(_.length>1){let v=t.burst[b];p.has(v)||p.set(v,_.find(m));let y=p.get(v);if(h.has(v)){b===y&&$.push(..._.filter(m));continue}if(b!==y)continue}}$.push(b)}return Uint32Array.from($)}function jo(e,t,o,n,s){let r=new Set,i=new Set;for(let a of e){if(r.size>=n)break;if(!(X(t,a)||o.of(t.id[a]).mark==="reject")){if(s&&t.burstOf(a).length>1){if(i.has(t.burst[a]))continue;i.add(t.burst[a])}r.add(a)}}return r}function Bo(e,t){let o=1/0,n=-1/0;for(let i=0;i<e.n;i++){let a=e.score[i];a!==null&&(a<o&&(o=a),a>n&&(n=a))}let s=new Uint32Array(t);if(o>n)return{low:0,high:1,counts:s};let r=(n-o)/t||1;for(let i=0;i<e.n;i++){let a=e.score[i];a!==null&&(s[Math.min(t-1,Math.floor((a-o)/r))]+=1)}return{low:o,high:n,counts:s}}var Be="";function Do(e){Be=e?`run=${encodeURIComponent(e)}`:""}var Ts=12,ce=new Map;function it(e,t=1600){let o=De(e,t),n=ce.get(o);if(n&&!n.failed)return ce.delete(o),ce.set(o,n),n;n=new Image,n.decoding="async",n.alt="",n.draggable=!1,n.src=o,n.ready=n.decode().then(()=>n.done=!0,()=>n.failed=!0),ce.set(o,n);for(let[s,r]of ce){if(ce.size<=Ts)break;r.isConnected||ce.delete(s)}return n}var De=(e,t=1600)=>`/photo/${e}?side=${t}${Be&&`&${Be}`}`,Io=(e,t=1600)=>!!ce.get(De(e,t))?.done,we=e=>`/thumb/${e}${Be&&`?${Be}`}`;var S=e=>e==null?"–":e.toFixed(2),q=e=>e==null?"–":e.toFixed(4),ue=e=>e==null?"–":e.toFixed(1),Os=new Intl.NumberFormat("en"),A=e=>Os.format(e),L=(e,t)=>`${A(e)} ${t}${e===1?"":"s"}`;function at(e){let t={one:"st",two:"nd",few:"rd",other:"th"}[zs.select(e)];return`${A(e)}${t}`}var zs=new Intl.PluralRules("en",{type:"ordinal"});function Wo(e){return e>=1?e<60?`${Math.round(e)} s`:e<3600?`${Math.floor(e/60)} min ${Math.round(e%60)} s`:`${Math.floor(e/3600)} h ${Math.round(e%3600/60)} min`:"a moment"}function Ho(e){return e==null?"":e<.05?"Unlike all anchors: the score says little, judge yourself.":e<.25?"Not much like the anchors: take the score with care.":"Like the anchors: the score stands on known ground."}var Ls=new Intl.DateTimeFormat("en",{dateStyle:"medium",timeStyle:"short",timeZone:"UTC"}),Fo=e=>e==null?"":Ls.format(new Date(e*1e3)),Ie=e=>e?L(e,"star"):"no stars";var pe=32,Rs=500;function Ee(e,t){try{return JSON.parse(localStorage.getItem(`explorer.${e}`))??t}catch{return t}}function te(e,t){u[e]=t;try{localStorage.setItem(`explorer.${e}`,JSON.stringify(t))}catch{}k()}var d=new Ue,u={server:null,order:"best",show:"all",low:null,high:null,query:"",open:new Set,current:-1,moved:!1,keep:0,chosen:new Set,large:!1,zoomed:!1,dialog:"",filters:!1,details:!1,problem:"",gone:!1,said:"",view:{name:"cull",id:null},fold:Ee("fold",!0),single:Ee("single",!0),advance:Ee("advance",!1),size:Ee("size",innerWidth>=1900?230:190),theme:Ee("theme","auto"),letters:Ee("letters",!0)},We=()=>u.theme==="auto"?matchMedia("(prefers-color-scheme: dark)").matches:u.theme==="dark",Kt=new Set,Wt=!1;function k(e){e&&Object.assign(u,e),!Wt&&(Wt=!0,queueMicrotask(()=>{Wt=!1,Hs();for(let t of Kt)t()}))}function qo(e){return Kt.add(e),()=>Kt.delete(e)}function T(e){k({said:e===u.said?`${e} `:e})}function ie(e){e.name!=="AbortError"&&(k({problem:e.message,gone:e.gone||u.gone}),e.gone&&Ks())}var x=new nt({changed:()=>k(),failed:ie,isBack:()=>!u.gone,undone(e){if(!e.length)return T("Nothing to undo.");let t=d.rows.get(e[0]);t!==void 0&&D().where.has(t)&&Y(t),T(e.length===1&&t!==void 0?`Undone: ${d.file(t)} ${Xt(t)}`:`Undone for ${L(e.length,"photograph")}.`)}});function ke(e){let t=null,o;return(...n)=>((!t||n.some((s,r)=>s!==t[r]))&&(t=n,o=e(...n)),o)}var Ns=ke((e,t)=>It(d,t)),Ko=ke(()=>It(d,"best")),Us=ke(e=>{let t=new Uint32Array(d.n);return Ko(e).forEach((o,n)=>t[o]=n+1),t}),js=ke(e=>{let t=new Map;return e.forEach((o,n)=>t.set(o,n)),t}),Bs=ke((e,t,o,n,s,r,i,a)=>Uo(e,d,x,{show:o,low:n,high:s,query:r,fold:i,open:a})),ct=()=>Ds(d.version),Ds=ke(()=>Bo(d,pe)),Is=ke((e,t,o,n)=>jo(Ko(e),d,x,o,n)),Ws=new Set(["pick","reject","none","stars"]);function D(){let e=Ns(d.version,u.order),t=Ws.has(u.show)?x.version:-1,o=Bs(e,t,u.show,u.low,u.high,u.query,u.fold,u.open),n=u.keep?Is(d.version,x.version,u.keep,u.single):new Set;return{rows:o,where:js(o),proposed:n}}var ut=e=>Us(d.version)[e];function He(){let{pick:e,reject:t,stars:o}=x.counts,n=0;for(let s of d.bursts.values())n+=s.length;return{all:d.n,pick:e,reject:t,none:Math.max(0,d.scored-e-t),stars:o,burst:n,unlike:d.unlike,broken:d.broken}}function Xt(e){let{mark:t,stars:o}=x.of(d.id[e]),n=[X(d,e)?"not scored":`score ${S(d.score[e])}`];n.push({pick:"pick",reject:"reject","":"undecided"}[t]),o&&n.push(Ie(o));let s=d.burstOf(e).length;return s&&n.push(`one of a burst of ${s}`),n.join(", ")}function Y(e){k({current:e,moved:!0}),u.view.name==="one"&&(u.view={name:"one",id:d.id[e]},location.hash=`#one/${d.id[e]}`)}function he(e){let{rows:t,where:o}=D();if(!t.length)return;let n=o.get(u.current)??lt;Y(t[Math.max(0,Math.min(t.length-1,n+e))])}var lt=0;function Hs(){if(!d.n)return;let{rows:e,where:t}=D();if(!u.moved&&e.length&&(u.current=e[0]),e.length&&!t.has(u.current)&&u.view.name==="cull"){let o=u.current<0?void 0:d.burstOf(u.current).find(n=>t.has(n));u.current=o??e[Math.min(e.length-1,lt)]}lt=t.get(u.current)??lt}function de(e,{next:t=u.advance}={}){let o=u.current;if(o<0)return;let n=d.id[o],s=x.of(n).mark===e?"":e,{rows:r,where:i}=D(),a=r[i.get(o)+1];u.moved=!0,x.set([n],{mark:s}),T(`${{pick:"Picked",reject:"Rejected","":"Mark removed from"}[s]} ${d.file(o)}`),t&&s&&a!==void 0&&Y(a)}function Fe(e){let t=u.current;t<0||(x.set([d.id[t]],{stars:e}),T(`${d.file(t)}: ${Ie(e)}`))}function Xo(){let e=[...D().proposed].map(t=>d.id[t]).filter(t=>x.of(t).mark!=="pick");e.length&&x.set(e,{mark:"pick"}),T(`Picked ${L(e.length,"photograph")}. U takes it back.`),k({keep:0})}function oe(e){k(e);let{rows:t}=D();T(`${L(t.length,"photograph")} shown, ${e.order?st[e.order]:rt[u.show]}.`)}function Yo(){let e=u.current;if(e<0||d.burstOf(e).length<2)return T("This photograph is in no burst.");if(!u.fold)return T("Bursts are not folded.");let t=new Set(u.open),o=d.burst[e],n=!t.delete(o);n&&t.add(o),k({open:t}),T(n?`Burst of ${d.burstOf(e).length} unfolded.`:"Burst folded.")}var Vo=()=>u.show!=="all"||u.low!==null||u.high!==null||u.query!=="";async function Fs(){let e=[],t=0;for(let o=d.n;;){let n=await Z(`/api/photos?from=${o}`);o+=n.id.length,e.push(n);let s=n.done||!n.id.length;if(s||performance.now()-t>Rs){for(let r of e)x.arrive(r,d.append(r));e=[],k(),t=performance.now()}if(s)return}}var Ht=!1;async function Go(){if(!Ht){Ht=!0;try{for(;;){let e=await Z("/api/state"),t=u.gone;if(u.server&&e.run!==u.server.run)return await qs(e);if(Do(e.run),jt(e.run),k({server:e,gone:!1,problem:t?"":u.problem}),document.title=e.title?`${e.title} · quasar-index`:"quasar-index",await Fs(),e.done&&e.bursts){d.group((await Z("/api/bursts")).burst),k();break}await Se(700)}}catch(e){ie(e)}finally{Ht=!1}}}async function qs(e){let t=x.waitingFor(o=>Ft(d,d.rows.get(o)));if(t.length){let o=new Ue,n=new Map,s=new Set(t.flatMap(r=>r.names));for(;o.n<e.n_photos&&s.size>n.size;){let r=o.n;o.append(await Z(`/api/photos?from=${r}`));for(let i=r;i<o.n;i++)s.has(Ft(o,i))&&n.set(Ft(o,i),o.id[i]);o.n===r&&await Se(300)}jt(e.run),await x.resend(t,n)}x.queue.length=0,location.reload()}var Ft=(e,t)=>`${e.folder[t]}/${e.name[t]}`,qt=!1;async function Ks(){if(!qt){for(qt=!0;u.gone;)await Se(2500),await Go();qt=!1}}async function Zo(){Go();try{await x.load()}catch(e){ie(e)}}function Jo(){let e=u.server;if(!e||e.done)return null;let t=e.n_done+e.n_failed,o=e.n_photos?t/e.n_photos:0,n=e.rate?` · ${e.rate.toFixed(1)} a second`:"",s=e.seconds_left!==null&&t?` · ${Wo(e.seconds_left)} left`:"";return{share:o,text:`${A(t)} of ${A(e.n_photos)} scored${n}${s}`}}var Qo=100,Xs=2e4,w={data:null,by:"",colours:null,chosen:new Uint32Array(0),mode:"lasso",table:!1,staged:new Map,busy:!1,said:"",failed:"",problem:"",known:new Map,set(e){Object.assign(w,e),k()},row(e){return w.known.has(e)||Ys(e),w.known.get(e)??null},picture:e=>`/anchor/${e}?version=${w.data.version}`},pt=new Set;function Ys(e){w.known.set(e,null),pt.size||setTimeout(Vs,30),pt.add(e)}async function Vs(){let e=[...pt];pt=new Set;let{version:t}=w.data;for(let o=0;o<e.length;o+=Qo){try{let n=await Z(`/api/anchors/rows?version=${t}&rows=${e.slice(o,o+Qo)}`);if(w.data.version!==t)return;w.known.size>Xs&&w.known.clear();for(let s of n.rows)w.known.set(s.row,s)}catch(n){return ht(n)}k()}}function ht(e){e.status===412?w.set({problem:e.message,busy:!1}):e.gone?ie(e):w.set({failed:e.message,busy:!1})}async function dt(e=!1){if(!(w.data&&!e))try{let t=await Z("/api/anchors");for(let n of["x","y"])t[n]=Ne(t[n],Float32Array);t.sides=Ne(t.sides,Uint8Array);let o=t.colours.includes(w.by)?w.by:t.colours.includes("rating")?"rating":"side";Object.assign(w,{problem:"",failed:"",busy:!1,colours:null,known:new Map,data:t}),w.staged=new Map,qe([]),await Yt(o)}catch(t){ht(t)}}async function Yt(e){w.set({by:e,failed:""});let{version:t}=w.data;try{let o=await Z(`/api/anchors/colour?version=${t}&by=${encodeURIComponent(e)}`);if(w.by!==e||w.data.version!==t)return;o.codes?o.codes=Ne(o.codes,Uint8Array):o.values=Ne(o.values,Float32Array),w.set({colours:o})}catch(o){ht(o)}}function qe(e,t=!1){let o=Uint32Array.from(t?new Set([...w.chosen,...e]):e);w.set({chosen:o,said:""}),o.length&&T(`${L(o.length,"anchor")} chosen.`)}function en(e){let{codes:t}=w.colours,o=[];for(let n=0;n<t.length;n++)t[n]===e&&o.push(n);qe(o)}function Ke(e,t=null){for(let o of w.chosen)w.staged.set(o,{do:e,value:t});w.set({staged:new Map(w.staged),said:""}),T(`Staged for ${L(w.chosen.length,"anchor")}; nothing is written yet.`)}function tn(){w.set({staged:new Map})}async function on(e,t){w.set({busy:!0,failed:""});try{let o=await ye(e,{version:w.data.version,...t});await dt(!0),w.set({said:`${o.said}: this is version ${o.version} now.`}),T(w.said)}catch(o){ht(o)}}function nn(){let e=t=>[...w.staged].filter(([,o])=>o.do===t);return on("/api/anchors/write",{remove:e("remove").map(([t])=>t),ratings:e("rating").map(([t,{value:o}])=>[t,o]),sides:e("side").map(([t,{value:o}])=>[t,o])})}var sn=e=>on("/api/anchors/restore",{to:e});var an=function(e,t,o,n){var s;t[0]=0;for(var r=1;r<t.length;r++){var i=t[r++],a=t[r]?(t[0]|=i?1:2,o[t[r++]]):t[++r];i===3?n[0]=a:i===4?n[1]=Object.assign(n[1]||{},a):i===5?(n[1]=n[1]||{})[t[++r]]=a:i===6?n[1][t[++r]]+=a+"":i?(s=e.apply(a,an(e,a,o,["",null])),n.push(s),a[0]?t[0]|=2:(t[r-2]=0,t[r]=s)):n.push(a)}return n},rn=new Map;function ln(e){var t=rn.get(this);return t||(t=new Map,rn.set(this,t)),(t=an(this,t.get(e)||(t.set(e,t=(function(o){for(var n,s,r=1,i="",a="",h=[0],f=function(g){r===1&&(g||(i=i.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?h.push(0,g,i):r===3&&(g||i)?(h.push(3,g,i),r=2):r===2&&i==="..."&&g?h.push(4,g,0):r===2&&i&&!g?h.push(5,0,!0,i):r>=5&&((i||!g&&r===5)&&(h.push(r,0,i,s),r=6),g&&(h.push(r,g,0,s),r=6)),i=""},l=0;l<o.length;l++){l&&(r===1&&f(),f(l));for(var $=0;$<o[l].length;$++)n=o[l][$],r===1?n==="<"?(f(),h=[h],r=3):i+=n:r===4?i==="--"&&n===">"?(r=1,i=""):i=n+i[0]:a?n===a?a="":i+=n:n==='"'||n==="'"?a=n:n===">"?(f(),r=1):r&&(n==="="?(r=5,s=i,i=""):n==="/"&&(r<5||o[l][$+1]===">")?(f(),r===3&&(h=h[0]),r=h,(h=h[0]).push(2,0,r),r=0):n===" "||n==="	"||n===`
`||n==="\r"?(f(),r=2):i+=n),r===3&&i==="!--"&&(r=4,h=h[0])}return f(),h})(e)),t),arguments,[])).length>1?t:t[0]}var z,pn,Gs,fe,Vt,$t,hn,mt,dn,Zt,Gt,Zs,Ye=Symbol.for("pv"),_t={},bt=[],Js=/^m(i|n|o|s|text|space)$/,Jt=Array.isArray,Qt=bt.slice,xe=Object.assign;function ve(e){e&&e.parentNode&&e.remove()}function fn(e,t,o){var n,s,r,i={},a=arguments.length;for(r in t)r=="key"?n=t[r]:r=="ref"&&typeof e!="function"?s=t[r]:i[r]=t[r];return a>2&&(i.children=a>3?Qt.call(arguments,2):o),Xe(e,i,n,s,null)}function Xe(e,t,o,n,s){var r={type:e,props:t,key:o,ref:n,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Ye,__v:s||++pn,__i:-1,__u:0};return!s&&z.vnode&&z.vnode(r),r}function yt(e){return e.children}function Ae(e,t){this.props=e,this.context=t,this.__g=0}function me(e,t){if(t==null)return e.__&&me(e.__,e.__i+1);for(var o;t<e.__k.length;t++)if((o=e.__k[t])&&o.__e)return o.__e;return typeof e.type!="function"||e.props.__P?null:me(e)}function Qs(e){var t,o=e.__v,n=o.__e,s=[],r=[],i=e.__P;i&&((t=xe({constructor:Ye},o)).__v=o.__v+1,z.vnode&&z.vnode(t),eo(i,t,o,e.__n,i.namespaceURI,32&o.__u?[n]:null,s,n||me(o),32&o.__u,r),t.__v=o.__v,t.__.__k[t.__i]=t,yn(s,t,r),o.__=o.__e=null,t.__e!=n&&mn(t))}function mn(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),mn(e)}function cn(e){(8&e.__g||(e.__g|=8,fe.push(e),$t++))&&Vt==z.debounceRendering||((Vt=z.debounceRendering)||queueMicrotask)(gn)}function gn(){try{for(var e,t=1;fe.length;)fe.length>t&&fe.sort(hn),e=fe.shift(),t=fe.length,8&e.__g&&Qs(e)}finally{($t=fe.length)&&(Vt||queueMicrotask)(gn)}}function $n(e,t,o,n,s,r,i,a,h,f,l){var $,g,p,m,b,_,v=n.__k||bt,y=t.length;for(h=er(o,t,v,h,y),$=0;$<y;$++)(p=o.__k[$])!=null&&(g=~p.__i&&v[p.__i]||_t,p.__i=$,_=eo(e,p,g,s,r,i,a,h,f,l),m=p.__e,(g.ref!=p.ref||8&g.__u)&&(g.ref&&to(g.ref,null,p,g),p.ref&&l.push(p.ref,p.__c||m,p)),b=b||m,4&p.__u?(h=_n(p,h,e,!g.__v),g.__e&&(g.__e=null)):typeof p.type=="function"&&_!==void 0?h=_:m&&(h=m.nextSibling),p.__u&=-21);return o.__e=b,h}function er(e,t,o,n,s){var r,i,a,h,f,l,$,g,p,m=o.length,b=m,_=0,v=0,y=e.__k=Array(s);for(r=0;r<s;r++)(i=t[r])!=null&&typeof i!="boolean"&&typeof i!="function"?(typeof i!="object"||i.constructor===String?i=y[r]=Xe(null,i):Jt(i)?i=y[r]=Xe(yt,{children:i}):i.constructor===Ye&&i.__b?i=y[r]=Xe(i.type,i.props,i.key,i.ref,i.__v):y[r]=i,h=r+_,i.__=e,i.__b=e.__b+1,a=null,~(f=i.__i=tr(i,o,h,b))&&(b--,(a=o[f])&&(a.__u|=2)),a&&a.__v?(i.__u|=16,f==h-1?_--:f==h+1?_++:f!=h&&(f>h?_--:_++,v=1)):(~f||(s>m?_--:s<m&&_++),typeof i.type!="function"&&(i.__u|=4))):y[r]=null;if(v){for(l=[],$=[],r=0;r<s;r++)if((i=y[r])&&16&i.__u){for(_=0,g=l.length;_<g;)l[p=_+g>>1]<i.__i?_=p+1:g=p;l[_]=i.__i,$[r]=_+1}for(_=l.length;r--;)$[r]&&($[r]==_?_--:y[r].__u|=4)}if(b)for(r=0;r<m;r++)!(a=o[r])||2&a.__u||(a.__e==n&&(n=me(a)),oo(a,a));return n}function _n(e,t,o,n){var s,r,i,a;if(typeof e.type=="function"){if(e.props.__P)return t;if(s=e.__k)for(r=0;r<s.length;r++)s[r]&&(s[r].__=e,t=_n(s[r],t,o,!1));return t}for(t&&!t.parentNode&&(t=me(e))&&!t.parentNode&&(t=null),i=e.__e,a=t;a&&a.nodeType==8;)a=a.nextSibling;for(i!=a&&(!n&&o.moveBefore&&i.parentNode?o.moveBefore(i,t):o.insertBefore(i,t||null)),t=i;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function tr(e,t,o,n){var s,r=e.key,i=e.type,a=t[o],h=a&&!(2&a.__u);if(a===null&&r==null||h&&r==a.key&&i==a.type)return o;if(n>(h?1:0)){for(s=o-1;s>=0;s--)if((a=t[s])&&!(2&a.__u)&&r==a.key&&i==a.type)return s;for(s=o+1;s<t.length;s++)if((a=t[s])&&!(2&a.__u)&&r==a.key&&i==a.type)return s}return-1}function un(e,t,o){o==null&&(o=""),t[0]=="-"?e.setProperty(t,o):e[t]=o}function ft(e,t,o,n,s){var r,i;if(t=="style")if(typeof o=="string")e.style.cssText=o;else{if(typeof n=="string"&&(e.style.cssText=n=""),n)for(t in n)o&&t in o||un(e.style,t);if(o)for(t in o)n&&o[t]==n[t]||un(e.style,t,o[t])}else if(t[0]=="o"&&t[1]=="n")typeof o!="function"&&(o=null),typeof n!="function"&&(n=null),(e.__e||(e.__e={}))[t]=o,o&&n||(i=Gt[t]||(Gt[t]=or(t)),(e.__a||(e.__a={}))[t]=Zt,r=t!=(t=t.replace(dn,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),o?e.addEventListener(t,i,r):e.removeEventListener(t,i,r));else{if(s=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=o??"")}catch{}if(typeof o=="function")return;o==null||o===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&o==1?"":o)}}function or(e){return function(t){var o=this.__e;if(o){if(o=o[e],t[mt]==null)t[mt]=Zt++;else if(t[mt]<this.__a[e])return;return o(z.event?z.event(t):t)}}}function eo(e,t,o,n,s,r,i,a,h,f){var l,$,g,p,m,b,_,v,y,E,P,C,N,W,K,M,R,Q,G=t.type;if(t.constructor!==Ye)return null;128&o.__u&&(h=32&o.__u,l=o.__c.__z)&&(t.__u|=h,$=r=[],l.nodeType==8?a=gt(l,r):r.push(l),a=r[0]||a),(l=z.__b)&&l(t);e:if(typeof G=="function"){g=i.length;try{if(v=t.props,y=(l=G.prototype)&&l.render,E=(l=G.contextType)&&n[l.__c],P=l?E?E.props.value:l.__:n,(p=o.__c)?(t.__c=p,2&p.__g&&(p.__g|=1)):(y?t.__c=p=new G(v,P):(t.__c=p=new Ae(v,P),p.constructor=G,p.render=sr),E&&E.sub(p),p.state||(p.state={}),p.__n=n,p.__g|=8,p.__h=[],p.__k=[]),y&&(p.__s||(p.__s=p.state),G.getDerivedStateFromProps&&(p.__s==p.state&&(p.__s=xe({},p.__s)),xe(p.__s,G.getDerivedStateFromProps(v,p.__s)))),m=p.props,b=p.state,p.__v=t,o.__c){if(v!==m&&y&&!G.getDerivedStateFromProps&&p.componentWillReceiveProps&&p.componentWillReceiveProps(v,P),t.__v==o.__v&&!(8&p.__g)||!(4&p.__g)&&p.shouldComponentUpdate&&p.shouldComponentUpdate(v,p.__s,P)===!1){t.__v!=o.__v&&(p.props=v,p.state=p.__s,p.__g&=-9),t.__e=o.__e,t.__k=o.__k,t.__k.some(function(ee){ee&&(ee.__=t)}),bt.push.apply(p.__h,p.__k),p.__k=[],p.__h.length&&i.push(p),a=me(o);break e}p.componentWillUpdate&&p.componentWillUpdate(v,p.__s,P),y&&p.componentDidUpdate&&p.__h.push(function(){p.componentDidUpdate(m,b,_)})}else y&&!G.getDerivedStateFromProps&&p.componentWillMount&&p.componentWillMount(),y&&p.componentDidMount&&p.__h.push(p.componentDidMount);p.context=P,p.props=v,p.__P=e,p.__g&=-5,C=z.__r,N=y?25:0;do p.__g&=-9,C&&C(t),l=p.render(p.props,p.state=p.__s,p.context);while(8&p.__g&&++N<25);y&&(bt.push.apply(p.__h,p.__k),p.__k=[]),p.state=p.__s,p.getChildContext&&(n=xe({},n,p.getChildContext())),y&&o.__c&&p.getSnapshotBeforeUpdate&&(_=p.getSnapshotBeforeUpdate(m,b)),W=l&&l.type===yt&&l.key==null?l.props.children:l,v.__P&&(l=a,s=(e=v.__P).namespaceURI,h=r=null,o.props&&o.props.__P!=e&&(o.__k.some(function(ee){ee&&oo(ee,ee)}),o.__k=null),a=o.__k?me(o,0):null),a=$n(e,Jt(W)?W:[W],t,o,n,s,r,i,a,h,f),v.__P&&(t.__e=null,a=l),t.__u&=-161,$&&$.some(ve),p.__h.length&&i.push(p),1&p.__g&&(p.__g&=-4)}catch(ee){if(i.length=g,t.__v=null,h||r)if(ee&&ee.then){if(t.__u|=128|h,r){for(~(R=r.indexOf(a||void 0))||(R=r.length);(Q=r[R-1])&&Q.nodeType==8;)R--;for(;R<r.length;R++)if(Q=r[R])if(r[R]=null,K){if(Q==M)break}else{if(Q.nodeType!=8)break;Q.data.startsWith("$s")&&(M=gt(K=Q))}}if(!K){for(;a&&a.nodeType==8&&a.nextSibling;)a=a.nextSibling;K=a}(l=gt(K=t.__c.__z||(t.__c.__z=K)))?(t.__e=K,a=l):t.__e=a,a=a&&a.nextSibling}else r&&r.some(ve);else t.__e=o.__e;t.__k||(t.__k=o.__k||[]),ee&&ee.then||bn(t),z.__e(ee,t,o)}}else a=t.__e=nr(o.__e,t,o,n,s,r,i,h,f,e);return(l=z.diffed)&&l(t),a}function gt(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var o=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))o++;else if(e.data.startsWith("/$s")&&!--o)return e}t&&t.push(e)}}function bn(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(bn))}function yn(e,t,o){for(var n=0;n<o.length;)to(o[n++],o[n++],o[n++]);z.__c&&z.__c(t,e),e.some(function(s){try{e=s.__h,s.__h=[],e.some(function(r){r.call(s)})}catch(r){z.__e(r,s.__v)}})}function nr(e,t,o,n,s,r,i,a,h,f){var l,$,g,p,m,b,_,v,y=o.props||_t,E=t.props,P=t.type;if(P=="svg"?s="http://www.w3.org/2000/svg":P=="math"?s="http://www.w3.org/1998/Math/MathML":s||(s="http://www.w3.org/1999/xhtml"),r){for(l=0;l<r.length;l++)if((m=r[l])&&(P?m.localName==P:m.nodeType==3)){e=m,r[l]=null;break}}if(!e){if(v=f.ownerDocument||document,!P)return v.createTextNode(E);e=v.createElementNS(s,P,E.is?E:f),a&&(z.__m&&z.__m(t,r),a=!1),r=null}if(P){if(f=P=="template"&&e.content||e,r=P=="textarea"&&E.defaultValue!=null?null:r&&Qt.call(f.childNodes),!a&&r)for(y={},l=0;l<e.attributes.length;l++)y[(m=e.attributes[l]).name]=m.value;for(l in y)m=y[l],l=="dangerouslySetInnerHTML"?g=m:l=="children"||l in E||l=="value"&&"defaultValue"in E||l=="checked"&&"defaultChecked"in E||ft(e,l,null,m,s);for(l in E)m=E[l],l=="children"?p=m:l=="dangerouslySetInnerHTML"?$=m:l=="value"?b=m:l=="checked"?_=m:a&&typeof m!="function"||y[l]===m||ft(e,l,m,y[l],s);$?(a||g&&($.__html==g.__html||$.__html==e.innerHTML)||(e.innerHTML=$.__html),t.__k=[]):(g&&(e.textContent=""),(P=="foreignObject"||s=="http://www.w3.org/1998/Math/MathML"&&Js.test(P))&&(s="http://www.w3.org/1999/xhtml"),$n(f,Jt(p)?p:[p],t,o,n,s,r,i,r?r[0]:o.__k&&me(o,0),a,h),r&&r.some(ve)),a&&P!="textarea"||(l="value",P=="progress"&&b==null?e.removeAttribute(l):b==null||b===e[l]&&(P!="progress"||b)||ft(e,l,b,y[l],s),l="checked",_!=null&&_!=e[l]&&ft(e,l,_,y[l],s))}else y===E||a&&e.data==E||(e.data=E);return e}function to(e,t,o,n){try{typeof e=="function"?t?t.__x=e(t)||1:n&&(n=n.__c||n.__e)&&(t=n.__x)&&(n.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(s){z.__e(s,o)}}function oo(e,t,o){var n,s,r,i;if(z.unmount&&z.unmount(e),!(n=e.ref)||n.current&&n.current!=e.__e||to(n,null,t,e),n=e.__c){if(n.componentWillUnmount)try{n.componentWillUnmount()}catch(a){z.__e(a,t)}n.__P=n.__n=null}if(n=e.__k)for(i=0;i<n.length;i++)n[i]&&oo(n[i],t,typeof e.type!="function"||o&&!e.props.__P);!o&&(n=e.__c)&&(n=n.__z)&&(s=gt(n,r=[]))&&(n==e.__e&&r.some(ve),ve(s),ve(n)),o||ve(e.__e),e.__e=e.__c=e.__=null}function sr(e,t,o){return this.constructor(e,o)}function no(e,t){var o,n,s,r;z.__&&z.__(e,t),t.nodeType==9&&(t=t.documentElement),n=(o=e&&32&e.__u)?null:t.__k,t.__k=Xe(yt,{children:[e]}),s=[],r=[],eo(t,t.__k,n||_t,_t,t.namespaceURI,n?null:t.firstChild?Qt.call(t.childNodes):null,s,n?n.__e:t.firstChild,o,r),yn(s,t.__k,r),t.__k.props.children=null}z={__e:function(e,t,o,n){for(var s,r,i;t=t.__;)if((s=t.__c)&&!(1&s.__g)){s.__g|=4;try{if((i=(r=s.constructor)&&r.getDerivedStateFromError)&&s.setState(r.getDerivedStateFromError(e)),s.componentDidCatch&&(s.componentDidCatch(e,n||{}),i=1),i&&8&s.__g)return void(s.__g|=2)}catch(a){e=a}}throw $t=0,e}},pn=0,Gs=function(e){return e!=null&&e.constructor===Ye},Ae.prototype.setState=function(e,t){var o=this.__s;o&&o!=this.state||(o=this.__s=xe({},this.state)),typeof e=="function"&&(e=e(xe({},o),this.props)),e&&(xe(o,e),this.__v&&(t&&this.__k.push(t),cn(this)))},Ae.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),cn(this))},Ae.prototype.render=yt,fe=[],$t=0,hn=function(e,t){return e.__v.__b-t.__v.__b},mt=Symbol(),dn=/(PointerCapture)$|Capture$/i,Zt=0,Gt={},Zs=0;var Pe,H,so,wn,ro=Object.is,wt=0,Pn=[],io=[],I=z,kn=I.__b,vn=I.__r,xn=I.diffed,Mn=I.__c,Cn=I.unmount,Sn=I.__;function kt(e,t){I.__h&&I.__h(H,e,wt||t),wt=0;var o=H.__H||(H.__H={__:[],__h:[]});return e>=o.__.length&&o.__.push({}),o.__[e]}function U(e){return wt=1,ge(Tn,e)}function ge(e,t,o){var n=kt(Pe++,2);if(n.t=e,!n.__c&&(n.__=[o?o(t):Tn(void 0,t),function(r){var i=(n.__N||n.__)[0],a=n.t(i,r);ro(i,a)||(n.__N=[a,n.__[1]],n.__c.setState({}))}],n.__c=H,!H.__f)){H.__f=!0;var s=H.shouldComponentUpdate;H.shouldComponentUpdate=function(r,i,a){var h=this.__H;if(!h)return!0;var f=!1,l=this.props!=r;if(h.__.some(function(g){g.__N&&(f=!0,ro(g.__[0],g.__N[0])||(l=!0))}),s){var $=s.call(this,r,i,a);return f?$||l:$}return!f||l}}return n.__}function j(e,t){var o=kt(Pe++,3);!I.__s&&lo(o.__H,t)&&(o.__P=!0,o.__=e,o.u=t,H.__H.__h.push(o))}function F(e,t){var o=kt(Pe++,4);!I.__s&&lo(o.__H,t)&&(o.__P=!1,o.__=e,o.u=t,H.__h.push(o))}function O(e){return wt=5,vt(function(){return{current:e}},[])}function vt(e,t){var o=kt(Pe++,7);return lo(o.__H,t)&&(o.__=e(),o.__H=t),o.__}function rr(){var e;do{for(;e=io.shift();)try{Ve(e)}catch(o){I.__e(o,{__:(e=e.__P)&&e.__v})}for(;e=Pn.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(Ve),t.__h.some(ao),t.__h=[]}catch(o){t.__h=[],I.__e(o,e.__v)}}}while(io.length)}I.__b=function(e){H=null,kn&&kn(e)},I.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),Sn&&Sn(e,t)},I.__r=function(e){vn&&vn(e),Pe=0;var t=(H=e.__c).__H;t&&(so==H?H.__h=[]:(t.__h.some(Ve),t.__h.some(ao),Pe=0),t.__h=[],t.__.some(function(o){o.__N&&(o.__=o.__N),o.u=o.__N=void 0})),so=H},I.diffed=function(e){xn&&xn(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&An(Pn.push(t)),t.__H.__.some(function(o){o.u&&(o.__H=o.u)})),so=H=null},I.__c=function(e,t){t.some(function(o){try{o.__h.some(Ve),o.__h=o.__h.filter(function(n){return!n.__||ao(n)})}catch(n){o.__h=[function(){throw n}]}}),Mn&&Mn(e,t)},I.unmount=function(e){Cn&&Cn(e);var t,o,n=e.__c;n&&n.__H&&(n.__H.__.some(function(s){try{if(s.__P&&s.__c){if(o===void 0){for(o=e.__;o&&(!o.__c||!o.__c.__P);)o=o.__;o=o&&o.__c}s.__P=o,An(io.push(s))}else Ve(s)}catch(r){t=r}}),n.__H=void 0,t&&I.__e(t,n.__v))};var En=typeof requestAnimationFrame=="function";function ir(e){var t,o=function(){clearTimeout(n),En&&cancelAnimationFrame(t),setTimeout(e)},n=setTimeout(o,35);En&&(t=requestAnimationFrame(o))}function An(e){e!=1&&wn==I.requestAnimationFrame||((wn=I.requestAnimationFrame)||ir)(rr)}function Ve(e){var t=H,o=e.__c;typeof o=="function"&&(e.__c=void 0,o()),H=t}function ao(e){var t=H;e.__c=e.__(),H=t}function lo(e,t){return!e||e.length!=t.length||t.some(function(o,n){return!ro(o,e[n])})}function Tn(e,t){return typeof t=="function"?t(e):t}var c=ln.bind(fn);function On(e){return class extends Ae{shouldComponentUpdate(t){let o=this.props;for(let n in t)if(t[n]!==o[n])return!0;return!1}render(t){return e(t)}}}function zn({data:e}){let[t,o]=U(""),{chosen:n,staged:s,busy:r,said:i,failed:a}=w,h=p=>[...s.values()].filter(m=>m.do===p).length,f=[h("rating")&&`${A(h("rating"))} rated`,h("side")&&`${A(h("side"))} to another side`,h("remove")&&`${A(h("remove"))} removed`].filter(Boolean),l=c`${i&&c`<p role="status" id="written">${i}</p>`}
  ${a&&c`<p class="warn" role="alert">${a}</p>`}`;if(e.read_only)return c`<section aria-label="Changes">
      <h2>Changes</h2>
      <p class="dim" id="read-only">This index cannot be changed: ${e.read_only}.</p>
      ${l}
    </section>`;let $=!n.length||r;return c`<section class="changes" aria-labelledby="h-changes">
    <h2 id="h-changes">Change the chosen</h2>
    <form class="line" onSubmit=${p=>{p.preventDefault(),t!==""&&Number.isFinite(Number(t))&&Ke("rating",Number(t))}}>
      <input
        id="new-rating"
        type="number"
        step="any"
        aria-label=${`New rating${e.scale?`, ${e.scale}`:""}`}
        placeholder="rating"
        title=${e.scale}
        value=${t}
        onInput=${p=>o(p.target.value)}
      />
      <button type="submit" disabled=${$||t===""}>Rate</button>
      <button type="button" disabled=${$} onClick=${()=>Ke("side","good")}>Good</button>
      <button type="button" disabled=${$} onClick=${()=>Ke("side","bad")}>Bad</button>
      <button type="button" id="remove" disabled=${$} onClick=${()=>Ke("remove")}>Remove</button>
    </form>
    <p class="line">
      <span>${f.length?`Staged: ${f.join(", ")}`:"Nothing is staged."}</span>
      ${s.size>0&&c`<button type="button" disabled=${r} onClick=${tn}>Discard</button>`}
    </p>
    <button type="button" class="main wide" id="write" disabled=${r||!s.size} onClick=${nn}>
      ${r?"Writing…":s.size?`Write ${L(s.size,"change")} as version ${e.version+1}`:"Write"}
    </button>
    ${l}
    ${e.version!==e.scores_version&&c`<p class="dim">
        The photographs are scored by version ${e.scores_version}; run the command again for this one.
      </p>`}
  </section>`}function Ln({data:e}){if(!e.history.length)return null;let t=!e.read_only&&!w.busy;return c`<section class="versions" aria-labelledby="h-versions">
    <h2 id="h-versions">Versions</h2>
    <ol>
      ${e.history.map(o=>c`<li key=${o.version} aria-current=${o.current?"true":void 0}>
            <b>${o.version}</b>
            <span>${o.action}<span class="dim">${ar(o)}</span></span>
            ${o.current?c`<span class="tag">now</span>`:c`<${lr} one=${o} disabled=${!t||o.forgotten} />`}
          </li>`)}
    </ol>
  </section>`}var ar=({time:e,n_good:t,n_bad:o,tags:n})=>[` ${e.slice(0,16).replace("T"," ")}`,`${A(t)} good, ${A(o)} bad`,...n].join(" · ");function lr({one:e,disabled:t}){let o=`Restore version ${e.version}`;return c`<button type="button" disabled=${t} aria-label=${o} onClick=${()=>sn(e.version)}>
    Restore
  </button>`}var cr=30,xt=104,ur=e=>e&&{remove:"remove",rating:`→ ${e.value}`,side:`→ ${e.value}`}[e.do];function Rn({data:e}){let t=O(null),o=O({top:0,width:340,height:300}),[,n]=ge(g=>g+1,0),{chosen:s,table:r}=w,i=r?1:Math.max(1,Math.floor(o.current.width/xt)),a=r?cr:xt+18,h=Math.ceil(s.length/i),f=Math.max(0,Math.floor(o.current.top/a)-1),l=Math.min(h,f+Math.ceil(o.current.height/a)+3);F(()=>{let g=new ResizeObserver(()=>{Object.assign(o.current,{width:t.current.clientWidth,height:t.current.clientHeight}),n()});return g.observe(t.current),()=>g.disconnect()},[]),F(()=>{t.current.scrollTop=o.current.top=0},[s,r]);let $=[...s.slice(f*i,l*i)];return c`<section class="chosen" aria-labelledby="h-chosen">
    <div class="line">
      <h2 id="h-chosen">${s.length?`${L(s.length,"anchor")} chosen`:"None chosen"}</h2>
      <button
        type="button"
        aria-pressed=${r?"true":"false"}
        disabled=${!s.length}
        onClick=${()=>w.set({table:!r})}
      >
        Table
      </button>
    </div>
    ${!s.length&&c`<p class="dim">Draw a lasso around points, click one, or press a name above the map; Ctrl adds to what is chosen.</p>`}
    <div
      class=${r?"rows table":"rows"}
      ref=${t}
      tabindex=${s.length?0:-1}
      role="list"
      aria-label="Chosen anchors"
      onScroll=${()=>{o.current.top=t.current.scrollTop,n()}}
    >
      <div class="sheet" role="presentation" style=${{height:`${h*a}px`}}>
        ${$.map((g,p)=>{let m=f*i+p,b={transform:`translate(${m%i*xt}px, ${Math.floor(m/i)*a}px)`,width:r?"100%":`${xt-6}px`,height:`${a-2}px`};return c`<${pr}
            key=${g}
            row=${g}
            side=${e.sides[g]?"bad":"good"}
            table=${r}
            style=${b}
          />`})}
      </div>
    </div>
  </section>`}function pr({row:e,side:t,table:o,style:n}){let s=w.row(e),r=ur(w.staged.get(e)),i=s&&s.rating!==null?S(s.rating):"–",a=s?.name??"…";return c`<div
    class=${`anchor ${t} ${r?"staged":""}`}
    role="listitem"
    data-row=${e}
    style=${n}
    title=${s?.path}
  >
    ${o?c`<span class="file">${a}</span><span>${t}</span><span>${i}</span
            ><span class="dim">${s?.dataset}</span>`:c`${s?.picture?c`<img src=${w.picture(e)} alt=${a} loading="lazy" />`:c`<span class="blank">${a}</span>`}
            <span class="line"><span>${t}</span><b>${i}</b></span>`}
    ${r&&c`<span class="tag warn">${r}</span>`}
  </div>`}var ne={scatter:null};function Nn(){j(()=>{dt(),document.getElementById("content").focus({preventScroll:!0})},[]);let{data:e,problem:t}=w;return c`<main class="anchor-view" id="content" tabindex="-1" aria-label="Anchors">
    ${t&&c`<p class="problem" role="alert">${t} <button type="button" onClick=${()=>dt(!0)}>Load that version</button></p>`}
    ${!e&&!t&&c`<p class="empty" role="status">The anchors are being read…</p>`}
    ${e&&c`<section class="map" aria-label="Map">
          <${hr} data=${e} /><${fr} key=${e.version} data=${e} />
        </section>
        <aside class="panel side" aria-label="Chosen anchors">
          <${Rn} data=${e} /><${zn} data=${e} /><${Ln} data=${e} />
        </aside>`}
  </main>`}function hr({data:e}){let{colours:t,mode:o}=w,n=t?.kind==="groups"?t.groups:[];return c`<div class="tools">
    <label class="line"
      ><span>colour</span
      ><select id="colour" onChange=${s=>Yt(s.target.value)}>
        ${e.colours.map(s=>c`<option key=${s} value=${s} selected=${w.by===s}>${s}</option>`)}
      </select></label
    >
    <button
      type="button"
      id="lasso"
      aria-pressed=${o==="lasso"?"true":"false"}
      title="Lasso or move (L); Shift does the other"
      onClick=${()=>co()}
    >
      Lasso
    </button>
    <button type="button" title="Show all (Home)" onClick=${()=>ne.scatter?.fit(!0)}>Show all</button>
    ${t?.kind==="scale"&&c`<p class="legend">
        <span>${S(t.low)}</span><i class="ramp" ref=${dr}></i><span>${S(t.high)}</span>
        <span class="dim">${t.title}</span>
      </p>`}
    ${n.length>0&&c`<p class="legend">
        ${n.map(([s,r,i],a)=>c`<button
              key=${s}
              type="button"
              class="chip"
              title=${`Choose ${s}`}
              onClick=${()=>en(a)}
            >
              <i style=${{background:r}}></i>${s} <span class="dim">${A(i)}</span>
            </button>`)}
      </p>`}
    ${w.failed&&c`<p class="warn" role="alert">${w.failed}</p>`}
  </div>`}function dr(e){let t=Array.from({length:11},(o,n)=>`rgb(${Ut(n/10).join(" ")})`);e&&(e.style.background=`linear-gradient(to right, ${t.join(", ")})`)}function co(){w.set({mode:w.mode==="lasso"?"move":"lasso"})}function fr({data:e}){let t=O(null),o=O(null),[n,s]=U(null);F(()=>{let h=new ot(t.current,o.current,{x:e.x,y:e.y,dark:We(),on:{hover:(f,l)=>s(f<0?null:{row:f,x:l.clientX,y:l.clientY}),click:(f,l)=>qe(f<0?[]:[f],l.ctrlKey||l.metaKey),lasso:(f,l)=>qe(f,l.ctrlKey||l.metaKey)}});return ne.scatter=h,()=>{ne.scatter=null,h.close()}},[]);let{colours:r,chosen:i,mode:a}=w;return F(()=>{ne.scatter.dark=We(),ne.scatter.mode=a,o.current.style.cursor=a==="lasso"?"crosshair":"grab"}),F(()=>{r&&(ne.scatter.paint(To(r,e.n),Oo(r.codes??e.sides)),o.current.dataset.painted=r.title)},[r]),F(()=>{let h=i.length?new Uint8Array(e.n).fill(1):null;for(let f of i)h[f]=0;ne.scatter.rings=i.length<=500?i:new Uint32Array(0),ne.scatter.dim(h)},[i]),c`<div class="plot">
    <canvas ref=${t} aria-hidden="true"></canvas>
    <canvas
      ref=${o}
      id="map"
      role="img"
      aria-label=${`Map of ${L(e.n,"anchor")}: ${e.axes.join(" across, ")} up. The names above choose anchors without a mouse.`}
    ></canvas>
    ${n&&c`<${mr} ...${n} data=${e} />`}
    <p class="axes dim" aria-hidden="true">→ ${e.axes[0]} · ↑ ${e.axes[1]}</p>
  </div>`}function mr({row:e,x:t,y:o,data:n}){let s=w.row(e),r=n.sides[e]?"bad":"good",i={left:`${Math.max(4,t+210>innerWidth?t-206:t+14)}px`,top:`${Math.max(4,o+210>innerHeight?o-200:o+14)}px`};return c`<div class="card" style=${i} role="status">
    ${s?.picture&&c`<img src=${w.picture(e)} alt="" />`}
    <p class="file">${s?.name??`anchor ${e}`}</p>
    <p class="dim">${r}${s&&s.rating!==null?` · rating ${S(s.rating)}`:""}</p>
  </div>`}var uo=4,gr=40,Un=1.3,jn=.15,B={zoom:1,x:.5,y:.5},Ge=()=>(u.view.ids??[]).map(e=>d.rows.get(e)).filter(e=>e!==void 0);function Ct(e){let t=e.querySelector("img"),o=t?.naturalWidth?t.naturalWidth/t.naturalHeight:1.5,n=Math.min(e.clientWidth,e.clientHeight*o);return{width:n,height:n/o}}function Ze(){for(let e of document.querySelectorAll(".lens")){let{width:t,height:o}=Ct(e),n=(.5-B.x)*t*B.zoom,s=(.5-B.y)*o*B.zoom;e.style.transform=`translate(${n}px, ${s}px) scale(${B.zoom})`}}function Mt(e,t,o){let n=Math.max(0,.5-.5/e),s=i=>Math.max(.5-n,Math.min(.5+n,i)),r=e>1!=B.zoom>1;Object.assign(B,{zoom:e,x:s(t),y:s(o)}),Ze(),r&&k()}function Je(e,t=document.querySelector(".lens"),o=0,n=0){if(!t)return;let{width:s,height:r}=Ct(t),i=Math.max(1,Math.min(gr,B.zoom*e)),a=1/B.zoom-1/i;Mt(i,B.x+o/s*a,B.y+n/r*a)}function po(e,t,o){let{width:n,height:s}=Ct(e);Mt(B.zoom,B.x-t/(n*B.zoom),B.y-o/(s*B.zoom))}function St(){let e=document.querySelector(".pane[aria-current] .lens");if(!e)return;let t=u.current,o=Math.max(d.width[t]??0,d.height[t]??0)||1600,{width:n,height:s}=Ct(e),r=o/Math.max(n,s)/devicePixelRatio;B.zoom>1?Mt(1,.5,.5):Mt(Math.max(1.01,r),B.x,B.y)}var In=e=>`#compare/${e.join(",")}`;function ho(){let{rows:e,where:t}=D(),o=[...u.chosen].map(s=>d.rows.get(s)),n=u.current;if(o.length===1&&!u.chosen.has(d.id[n])&&o.push(n),o.length<2&&n>=0){let s=d.burstOf(n).filter(a=>a!==n),r=t.get(n)??0,i=[e[r+1]??e[r-1]].filter(a=>a!==void 0&&a!==n);o=[n,...s.length?s:i].slice(0,uo)}if(o.length<2)return T("There is nothing to compare it with.");Object.assign(B,{zoom:1,x:.5,y:.5}),k({large:!1,current:o.includes(n)?n:o[0],moved:!0}),location.hash=In(o.map(s=>d.id[s]))}function fo(e=u.current){if(e<0)return;let t=d.id[e],o=new Set(u.chosen);if(!o.delete(t)){if(o.size>=uo)return T(`At most ${uo} photographs are compared.`);o.add(t)}k({chosen:o}),T(`${d.file(e)} ${o.has(t)?"chosen":"not chosen"}: ${o.size} to compare.`)}function Et(e){let t=Ge(),o=t.indexOf(u.current),{rows:n,where:s}=D(),r=(s.get(u.current)??-1)+e;for(;n[r]!==void 0&&t.includes(n[r]);)r+=e;let i=n[r];if(o<0||i===void 0)return T("There is no further candidate.");Wn(t.map((a,h)=>h===o?i:a),i),T(`Now ${d.file(i)}`)}function mo(){let e=Ge();if(e.length<=2)return T("Two are the fewest to compare.");let t=e.indexOf(u.current),o=e.filter(n=>n!==u.current);Wn(o,o[Math.min(t,o.length-1)])}function Wn(e,t){let o=e.map(n=>d.id[n]);k({current:t,moved:!0,view:{name:"compare",id:null,ids:o}}),history.replaceState(null,"",In(o))}function $r(e){let t=Ge();t.length&&Y(t[(t.indexOf(u.current)+e+t.length)%t.length])}var ae=e=>(t,o)=>u.view.name==="compare"?e(t,o):!1,Bn=e=>()=>u.view.name==="cull"?e():!1,_r={ArrowLeft:[1,0],ArrowRight:[-1,0],ArrowUp:[0,1],ArrowDown:[0,-1]};function Dn(e,t){let[o,n]=_r[e],s=document.querySelector(".lens");t&&s?po(s,o*jn*s.clientWidth,n*jn*s.clientHeight):o?$r(-o):Et(-n)}var go=[{keys:["c"],label:["C"],text:"compare those chosen; else the burst, or the next (Cull)",run:Bn(ho)},{keys:["s"],label:["S"],text:"choose to compare, at most 4 (Cull; Ctrl+click)",run:Bn(()=>fo())},{keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the one beside",run:ae(Dn)},{keys:["ArrowUp","ArrowDown"],label:["↑","↓"],text:"another candidate in its place",run:ae(Dn)},{keys:[],label:["Shift+←"],text:"move what is seen, with any arrow",run:()=>!1},{keys:["+","=","-"],label:["+","−"],text:"zoom all",run:ae(e=>Je(e==="-"?1/Un:Un))},{keys:["z"],label:["Z"],text:"every pixel; again: whole",run:ae(St)},{keys:["p"],label:["P"],text:"pick this one",run:ae(()=>de("pick",{next:!1}))},{keys:["x"],label:["X"],text:"reject this one",run:ae(()=>de("reject",{next:!1}))},{keys:["u"],label:["U"],text:"undo",run:ae(()=>x.undo())},{keys:["Delete","Backspace"],label:["Del"],text:"leave this one out",run:ae(mo)},{keys:["c"],label:["C"],text:"back to Cull",run:ae(()=>location.hash="#cull")}].map(e=>({group:"Compare",...e}));var V=(e,t=!1)=>o=>c`<svg
      class=${t?"icon fill":"icon"}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
      ...${o}
    >
      <path d=${e} />
    </svg>`,Te=V("M3 8.5 6.5 12 13 4.5"),se=V("M4 4l8 8M12 4l-8 8"),At=V("M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z",!0),Hn=V("M3 5.5h8v7H3zM5.5 5.5v-2.5h7.5v7h-2"),Fn=V("M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10M8 12.5v.5"),Pt=V("M10 3 5 8l5 5"),Tt=V("M6 3l5 5-5 5"),qn=V("M3 10l5-5 5 5"),Ot=V("M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14M7 5v4M5 7h4"),Kn=V("M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6"),Xn=V("M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z"),Yn=V("M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"),Vn=V("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"),Gn=V("M2 4h12M4.5 8h7M6.5 12h3");var le=8,br=34,$o=320,Qe={columns:1,visible:1,row:100},Zn=()=>Qe.columns,Jn=()=>Math.max(Qe.columns,Qe.columns*Qe.visible);function yr({width:e,height:t},o){let n=Math.min(o,Math.max(100,(e-le)/2));for(let s=Math.max(1,Math.floor((e+le)/(n+le)));;s--){let r=(e-le*(s-1))/s,i=Math.round(r*.6+br)+le,a=Math.ceil(t/i)+1;if(s===1||s*a<=$o)return{columns:s,cell:r,row:i,inSight:a}}}function Qn(){let e=O(null),t=O({top:0,height:600,width:800}),[,o]=ge(C=>C+1,0),{rows:n,where:s,proposed:r}=D(),{columns:i,cell:a,row:h,inSight:f}=yr(t.current,u.size),l=Math.ceil(n.length/i);Object.assign(Qe,{columns:i,visible:Math.max(1,f-2),row:h});let $=Math.max(0,Math.min(3,Math.floor(($o/i-f)/2))),g=Math.max(0,Math.min(l-1,Math.floor(t.current.top/h))-$),p=Math.min(l,g+Math.min(f+2*$,Math.floor($o/i))),m=s.get(u.current)??-1;F(()=>{let C=e.current,N=()=>{let K=getComputedStyle(C),M=C.clientWidth-parseFloat(K.paddingLeft)-parseFloat(K.paddingRight);(M!==t.current.width||C.clientHeight!==t.current.height)&&(Object.assign(t.current,{width:M,height:C.clientHeight}),o())},W=new ResizeObserver(N);return W.observe(C),N(),()=>W.disconnect()},[]);let b=O({current:-1,at:-1,key:""});F(()=>{let C=e.current,{current:N,at:W,key:K}=b.current,M=`${i} ${h}`;if(b.current={current:u.current,at:m,key:M},m<0)return;let R=Math.floor(m/i)*h,Q=Math.floor(W/i)*h,G=C.clientHeight;N===u.current&&K===M&&W>=0&&Q!==R?Q>=C.scrollTop-h&&Q<=C.scrollTop+G&&(C.scrollTop+=R-Q):(N!==u.current||K!==M)&&(R<C.scrollTop?C.scrollTop=R:R+h>C.scrollTop+G-le&&(C.scrollTop=R+h-G+le*2))}),j(()=>e.current.focus({preventScroll:!0}),[]);let _=()=>{let C=e.current.scrollTop,N=Math.floor(C/h)!==Math.floor(t.current.top/h);t.current.top=C,N&&o()},{low:v,high:y}=ct(),E=[],P=C=>{let N=n[C],W=d.burstOf(N).length;E.push(c`<${kr}
        key=${d.id[N]}
        row=${N}
        place=${C}
        n=${i}
        cell=${a}
        height=${h}
        total=${n.length}
        low=${v}
        high=${y}
        proposed=${r.has(N)}
        current=${C===m}
        mark=${x.of(d.id[N])}
        isKept=${x.isKept(d.id[N])}
        isChosen=${u.chosen.has(d.id[N])}
        burst=${W}
        isOpen=${W>1&&u.fold&&u.open.has(d.burst[N])}
      />`)};for(let C=g*i;C<Math.min(n.length,p*i);C++)P(C);return m>=0&&(m<g*i||m>=p*i)&&P(m),c`<div
    class="grid"
    id="grid"
    ref=${e}
    role="listbox"
    tabindex="0"
    aria-label="Photographs"
    aria-activedescendant=${m>=0?`photo-${d.id[u.current]}`:void 0}
    onScroll=${_}
  >
    <div class="sheet" role="presentation" style=${{height:`${Math.max(0,l*h)}px`}}>${E}</div>
    ${n.length===0&&c`<${wr} />`}
  </div>`}function wr(){return d.n?c`<p class="empty">
    No photograph passes the filters.
    <button type="button" onClick=${()=>k({show:"all",low:null,high:null,query:""})}>Show all</button>
  </p>`:c`<p class="empty">
      ${u.server?.done?"There are no photographs here.":"The first photographs are being scored…"}
    </p>`}var kr=On(({row:e,place:t,n:o,cell:n,height:s,total:r,low:i,high:a,proposed:h,current:f,mark:l,isKept:$,isChosen:g,burst:p,isOpen:m})=>{let b=d.id[e],_=X(d,e),v=d.score[e],y=d.familiarity[e]!==null&&d.familiarity[e]<.05,E=v===null?0:a>i?(v-i)/(a-i):1,P=["cell",l.mark,f&&"current",h&&"proposed",_&&"broken",m&&"open"],C=`translate(${t%o*(n+le)}px, ${Math.floor(t/o)*s}px)`,N=[d.name[e],Xt(e),h&&"proposed",!$&&"not kept yet",g&&"to compare"];return c`<div
      class=${P.filter(Boolean).join(" ")}
      id=${`photo-${b}`}
      role="option"
      aria-setsize=${r}
      aria-posinset=${t+1}
      aria-selected=${f?"true":"false"}
      data-id=${b}
      data-score=${v}
      style=${{transform:C,width:`${n}px`,height:`${s-le}px`}}
      onClick=${W=>W.ctrlKey||W.metaKey?fo(e):Y(e)}
      onDblClick=${()=>k({large:!0,zoomed:!1})}
    >
      <span class="hidden">${N.filter(Boolean).join(", ")}</span>
      <div class="picture" aria-hidden="true">
        ${_?c`<span class="blank">${d.error[e]||"not scored"}</span>`:c`<img
                src=${we(b)}
                alt=""
                decoding="async"
                draggable=${!1}
                onError=${W=>W.target.classList.add("missing")}
              />`}
        <span class="tags">
          ${l.mark==="pick"&&c`<span class="tag good"><${Te} />pick</span>`}
          ${l.mark==="reject"&&c`<span class="tag bad"><${se} />reject</span>`}
          ${h&&l.mark!=="pick"&&c`<span class="tag">proposed</span>`}
          ${!$&&c`<span class="tag warn">not kept yet</span>`}
          ${g&&c`<span class="tag">compare</span>`}
        </span>
        <span class="tags right">
          ${p>1&&c`<span class="tag" title=${`a burst of ${p}`}><${Hn} />${p}</span>`}
          ${y&&c`<span class="tag" title="unlike all anchors"><${Fn} />unlike</span>`}
        </span>
        ${l.stars>0&&c`<span class="tags bottom">
            <span class="tag stars">${Array.from({length:l.stars},()=>c`<${At} />`)}</span>
          </span>`}
      </div>
      <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${E})`}}></i></div>
      <div class="caption" aria-hidden="true">
        <span class="name">${d.file(e)}</span><b>${_?"–":S(v)}</b>
      </div>
    </div>`});var Oe=e=>(t,o)=>["cull","compare"].includes(u.view.name)||d.rows.get(u.view.id)===u.current?e(t,o):!1,J=e=>(t,o)=>u.view.name==="cull"?e(t,o):!1,_o=e=>t=>u.view.name==="anchors"?e(t):!1;function $e(e,t=null){location.hash=t===null?`#${e}`:`#${e}/${t}`}var es=e=>()=>{let{rows:t}=D();t.length&&Y(t[e?t.length-1:0])};function vr(){return u.zoomed?k({zoomed:!1}):u.large?k({large:!1}):u.details||u.filters?k({details:!1,filters:!1}):u.view.name!=="cull"?$e("cull"):!1}var zt=[{group:"Move",keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the photograph before, the next",run:Oe(e=>he(e==="ArrowLeft"?-1:1))},{group:"Move",keys:["ArrowUp","ArrowDown"],label:["↑","↓"],text:"the row above, below",run:J(e=>he(u.large?e==="ArrowUp"?-1:1:(e==="ArrowUp"?-1:1)*Zn()))},{group:"Move",keys:["PageUp","PageDown"],label:["PgUp","PgDn"],text:"a page up, down",run:J(e=>he((e==="PageUp"?-1:1)*Jn()))},{group:"Move",keys:["Home"],label:["Home"],text:"the first",run:J(es(!1))},{group:"Move",keys:["End"],label:["End"],text:"the last",run:J(es(!0))},{group:"Mark",keys:["p"],label:["P"],text:"pick; again: no mark",run:Oe((e,t)=>de("pick",t?{next:!0}:{}))},{group:"Mark",keys:["x"],label:["X"],text:"reject; again: no mark",run:Oe((e,t)=>de("reject",t?{next:!0}:{}))},{group:"Mark",keys:["1","2","3","4","5"],label:["1","…","5"],text:"stars",run:Oe(e=>Fe(Number(e)))},{group:"Mark",keys:["0"],label:["0"],text:"no stars",run:Oe(()=>Fe(0))},{group:"Mark",keys:["u"],label:["U"],text:"undo the last change of marks",run:Oe(()=>x.undo())},{group:"Mark",keys:["a"],label:["A"],text:"go on to the next after a mark: on or off (Shift+P, Shift+X do it once)",run:J(()=>te("advance",!u.advance))},{group:"Look",keys:[" "],label:["Space"],text:"large; again: back to the grid",run:J(()=>k({large:!u.large,zoomed:!1}))},{group:"Look",keys:["z"],label:["Z"],text:"every pixel; again: the whole photograph",run:J(()=>k({large:!0,zoomed:!(u.large&&u.zoomed)}))},{group:"Look",keys:["b"],label:["B"],text:"unfold or fold this burst",run:J(Yo)},{group:"Look",keys:["+","=","-"],label:["+","−"],text:"larger, smaller pictures in the grid",run:J(e=>te("size",Math.max(110,Math.min(420,Math.round(u.size*(e==="-"?1/1.2:1.2))))))},{group:"Look",keys:["Enter"],label:["Enter"],text:"why this score: One image",run:J(()=>u.current>=0&&$e("one",d.id[u.current]))},{group:"Find",keys:["/"],label:["/"],text:"filter by name",run:J(()=>{k({filters:!0,large:!1}),setTimeout(()=>document.getElementById("query")?.focus())})},{group:"Find",keys:["f"],label:["F"],text:"show all, picks, rejects, undecided in turn",run:J(()=>oe({show:{all:"pick",pick:"reject",reject:"none"}[u.show]??"all"}))},{group:"Find",keys:["o"],label:["O"],text:"order: best, worst, name, time in turn",run:J(()=>oe({order:{best:"worst",worst:"name",name:"time"}[u.order]??"best"}))},{group:"Page",keys:["e"],label:["E"],text:"export",run:()=>k({dialog:"export",large:!1})},{group:"Page",keys:["?"],label:["?"],text:"this list",run:()=>k({dialog:"keys"})},{group:"Page",keys:["Escape"],label:["Esc"],text:"back",run:vr},{group:"One image",keys:["[","]"],label:["[","]"],text:"one anchor fewer, more a side (k)",run:()=>!1},...go,{group:"Anchors",keys:["l"],label:["L"],text:"lasso or move",run:_o(co)},{group:"Anchors",keys:["+","=","-"],label:["+","−"],text:"zoom the map",run:_o(e=>ne.scatter?.zoomBy(e==="-"?1/1.3:1.3))},{group:"Anchors",keys:["Home"],label:["Home"],text:"the whole map",run:_o(()=>ne.scatter?.fit(!0))}],bo=new Map;for(let e of[...go,...zt])for(let t of e.keys)bo.set(t,[...bo.get(t)??[],e]);var xr="button, a[href], summary, input, select, textarea";function ts(e,t){return t==="Escape"?!1:e.matches("select, textarea, input:not([type=range], [type=checkbox], [type=radio])")||e.matches("input")&&/^(Arrow|Home|End|Page)/.test(t)?!0:(t===" "||t==="Enter")&&e.matches(xr)}function os(e){if(e.defaultPrevented||e.isComposing||e.altKey)return;if(e.ctrlKey||e.metaKey){if(e.key!=="z"||u.view.name!=="cull"||ts(e.target,"z"))return;e.preventDefault(),x.undo();return}if(u.dialog)return;let t=e.key.length===1?e.key.toLowerCase():e.key,o=bo.get(t);!o||ts(e.target,t)||!u.letters&&/^[a-z0-9/+=?[\]-]$/.test(t)||o.some(n=>n.run(t,e.shiftKey)!==!1)&&e.preventDefault()}var Mr=200,ze=new Map;function yo(e){ze.set(e.id,e),ze.size>Mr&&ze.delete(ze.keys().next().value)}function Lt(e,t=120){let[,o]=U(null);return j(()=>{if(e==null||ze.has(e))return;let n=new AbortController,s=setTimeout(()=>{Z(`/api/explain/${e}`,n.signal).then(r=>{yo({...r,id:e}),o(r)},ie)},t);return()=>{clearTimeout(s),n.abort()}},[e,u.gone]),ze.get(e)??null}function Rt({value:e,low:t,high:o}){if(e==null)return null;let[n,s]=u.server?.index?.range??[t,o],r=a=>`${Math.max(0,Math.min(100,100*(a-n)/(s-n||1)))}%`,i=t!=null;return c`<div class="opinion">
    <p class="line">
      <span>opinion</span
      ><span
        ><b>${ue(e)}</b>
        ${i&&c`<span class="dim">${ue(t)} to ${ue(o)}, of ${ue(n)} to ${ue(s)}</span>`}</span
      >
    </p>
    <div class="scale" aria-hidden="true">
      ${i&&c`<i class="span" style=${{left:r(t),right:`calc(100% - ${r(o)})`}}></i>`}<i
        class="dot"
        style=${{left:r(e)}}
      ></i>
    </div>
  </div>`}function Nt({value:e}){return e==null?null:c`<div>
    <p class="line"><span>familiarity</span><b>${S(e)}</b></p>
    <p class="dim sentence">${Ho(e)}</p>
  </div>`}function Le({side:e,list:t,most:o,title:n,pictures:s=!0}){if(!t?.length)return null;let r=[...t].sort((l,$)=>$.weight-l.weight).slice(0,o),i=Math.max(...r.map(l=>l.weight),1e-12),a=l=>!!(l.picture??s),h=!r.some(a),f=`h-${e}`;return c`<section class=${`anchors ${e} ${h?"named":""}`} aria-labelledby=${f}>
    <h2 id=${f}>${n}</h2>
    <ul>
      ${r.map(l=>c`<li key=${l.anchor} title=${Cr(l)}>
            ${h?c`<p class="file">${l.name}</p>`:c`<div class="tile">
                    ${a(l)?c`<img
                            src=${`/anchor/${l.anchor}`}
                            alt=${l.name??""}
                            loading="lazy"
                            decoding="async"
                          />`:c`<span class="blank">${l.name||"no picture"}</span>`}
                  </div>`}
            <p class="figures"><b>${ns(l.rating)}</b><span class="dim"> · ${Sr(l.weight)}</span></p>
            <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${l.weight/i})`}}></i></div>
          </li>`)}
    </ul>
  </section>`}var Cr=e=>`${e.name}
rating ${ns(e.rating)}, weight ${q(e.weight)}, cosine ${q(e.cosine)}`,ns=e=>e==null?"–":String(Math.round(e*100)/100),Sr=e=>String(Number(e.toPrecision(2)));function et({id:e,side:t=1600,wait:o=90,alt:n,label:s}){let r=O(null);return j(()=>{let i=()=>{let f=it(e,t);f.alt=n;let l=()=>r.current?.dataset.id===String(e)&&r.current.replaceChildren(f);f.done?l():f.ready.then(()=>f.done&&l())};if(!r.current)return;if(r.current.dataset.id=e,Io(e,t))return void i();let a=new Image;a.src=we(e),a.alt=n,a.className="small",r.current.replaceChildren(a);let h=setTimeout(i,o);return()=>clearTimeout(h)},[e,t]),c`<div class="photograph" ref=${r} aria-label=${s}></div>`}function wo(e){e.detail&&(document.querySelector("dialog[open]")??document.getElementById("grid"))?.focus({preventScroll:!0})}function Me(){let{mark:e}=x.of(d.id[u.current]),t=(o,n,s,r)=>c`<button
      type="button"
      class=${`mark ${o}`}
      aria-pressed=${e===o?"true":"false"}
      title=${`${r} (${s})`}
      onClick=${i=>wo(i,de(o))}
    >
      <${n} /><span>${r}</span>
    </button>`;return c`<div class="marks">
    ${t("pick",Te,"P","Pick")}${t("reject",se,"X","Reject")}
    <button
      type="button"
      class="round"
      aria-label="Undo"
      title="Undo the last change of marks (U)"
      onClick=${o=>wo(o,x.undo())}
    >
      <${Kn} />
    </button>
  </div>`}function Ce(){let{stars:e}=x.of(d.id[u.current]);return c`<div class="starline" role="group" aria-label="Stars">
    ${[1,2,3,4,5].map(t=>c`<button
          key=${t}
          type="button"
          class=${t<=e?"on":""}
          aria-pressed=${t===e?"true":"false"}
          aria-label=${t===1?"1 star":`${t} stars`}
          title=${`${t} (${t===e?0:t})`}
          onClick=${o=>wo(o,Fe(t===e?0:t))}
        >
          <${At} />
        </button>`)}
  </div>`}function ss(){let e=u.current,t=d.id[e],o=e>=0&&X(d,e),n=Lt(e<0||o?null:t);if(e<0)return c`<aside class="panel" aria-label="Current photograph"></aside>`;let{where:s}=D(),r=d.burstOf(e),i=o?"not scored":`${at(ut(e))} of ${A(d.scored)}`;return c`<aside class="panel" aria-label="Current photograph">
    <div class="short">
      <button
        type="button"
        class="opener"
        aria-expanded=${u.details?"true":"false"}
        aria-controls="details"
        onClick=${()=>k({details:!u.details})}
      >
        <span class="file">${d.file(e)}</span
        ><span><b>${S(d.score[e])}</b> <span class="dim">${i}</span></span
        ><${qn} class="icon turn" />
      </button>
    </div>
    <div class="whole" id="details">
      <button
        type="button"
        class="preview"
        aria-label="Show large"
        title="Large (Space)"
        onClick=${()=>k({large:!0,zoomed:!1})}
      >
        ${o?c`<span class="blank">no picture</span>`:!u.large&&c`<${et} id=${t} alt=${d.name[e]} />`}
      </button>
      <p class="file" title=${d.name[e]}>${d.name[e]}</p>
      ${d.taken[e]!==null&&c`<p class="dim">${Fo(d.taken[e])}</p>`}
    </div>
    <div class="number">
      <p class="score" title=${`score ${q(d.score[e])}`}>
        <b>${S(d.score[e])}</b> <span class="dim">${i}</span>
      </p>
    </div>
    <div class="doing"><${Me} /><${Ce} /></div>
    <div class="whole">
      ${o&&c`<p class="warn">Not scored: ${d.error[e]}</p>`}
      <${Rt} value=${d.opinion[e]} low=${d.low[e]} high=${d.high[e]} />
      <${Nt} value=${d.familiarity[e]} />
      <${Le}
        side="good"
        list=${n?.good}
        most=${5}
        pictures=${n?.anchors_have_pictures}
        title="Nearest good anchors"
      />
      <${Le}
        side="bad"
        list=${n?.bad}
        most=${5}
        pictures=${n?.anchors_have_pictures}
        title="Nearest bad anchors"
      />
      ${r.length>1&&c`<section aria-labelledby="h-burst">
          <h2 id="h-burst">This burst</h2>
          <ul class="strip">
            ${r.slice(0,12).map(a=>c`<li key=${a}>
                  <button
                    type="button"
                    aria-label=${`${d.file(a)}, score ${S(d.score[a])}`}
                    aria-current=${a===e?"true":void 0}
                    onClick=${()=>Er(a,s)}
                  >
                    <img src=${we(d.id[a])} alt="" /><span>${S(d.score[a])}</span>
                  </button>
                </li>`)}
          </ul>
          ${r.length>12&&c`<p class="dim">and ${A(r.length-12)} more</p>`}
        </section>`}
      ${!o&&c`<button type="button" class="wide" onClick=${()=>$e("one",t)}>Why this score: One image</button>`}
    </div>
  </aside>`}function Er(e,t){t.has(e)||k({open:new Set(u.open).add(d.burst[e])}),Y(e)}var Ar=.0018;function rs(){let e=Ge(),t=O(null);return j(()=>{e.length&&!e.includes(u.current)&&k({current:e[0],moved:!0})}),F(Ze),j(()=>{let o=new ResizeObserver(Ze);return o.observe(t.current),t.current.focus({preventScroll:!0}),()=>o.disconnect()},[]),c`<main class="compare" id="content" tabindex="-1" aria-label="Compare" ref=${t}>
    ${e.length<2?c`<p class="empty">
            ${d.n||u.server?.done?c`Choose two to four photographs in Cull (<kbd>S</kbd>), then press <kbd>C</kbd>. Without a choice,
                    <kbd>C</kbd> compares a burst, or a photograph and the next.`:"The first photographs are being scored…"}
          </p>`:c`<div class=${`panes n${e.length}`}>
              ${e.map(o=>c`<${Pr} key=${d.id[o]} row=${o} />`)}
            </div>
            <${Tr} n=${e.length} />`}
  </main>`}function Pr({row:e}){let t=d.id[e],o=O(null),n=e===u.current,{mark:s,stars:r}=x.of(t),i=f=>{f.preventDefault();let l=f.currentTarget.getBoundingClientRect(),$=f.clientX-l.left-l.width/2,g=f.clientY-l.top-l.height/2,p=f.deltaMode===1?30:1;Je(Math.exp(-f.deltaY*p*Ar),f.currentTarget.firstElementChild,$,g)},a=f=>{let l=f.currentTarget;if(f.type==="pointerdown"){if(f.button!==0)return;l.setPointerCapture(f.pointerId),o.current={x:f.clientX,y:f.clientY},n||Y(e)}else f.type==="pointermove"&&o.current?(po(l.firstElementChild,f.clientX-o.current.x,f.clientY-o.current.y),o.current={x:f.clientX,y:f.clientY}):f.type!=="pointermove"&&(o.current=null)},h=f=>f.target.classList.add("missing");return c`<section
    class=${`pane ${s}`}
    aria-label=${d.name[e]}
    aria-current=${n?"true":void 0}
    data-id=${t}
  >
    <div
      class="under"
      onWheel=${i}
      onPointerDown=${a}
      onPointerMove=${a}
      onPointerUp=${a}
      onPointerCancel=${a}
      onDblClick=${St}
    >
      ${X(d,e)?c`<p class="blank">Not scored: ${d.error[e]}</p>`:c`<div class="lens">
              <img src=${we(t)} alt=${d.name[e]} draggable=${!1} onLoad=${Ze} onError=${h} />
              <img src=${De(t)} alt="" decoding="async" draggable=${!1} onError=${h} />
              ${B.zoom>1&&c`<img src=${De(t,3200)} alt="" decoding="async" draggable=${!1} onError=${h} />`}
            </div>`}
      <span class="tags">
        ${s==="pick"&&c`<span class="tag good"><${Te} />pick</span>`}
        ${s==="reject"&&c`<span class="tag bad"><${se} />reject</span>`}
        ${r>0&&c`<span class="tag">${Ie(r)}</span>`}
        ${!x.isKept(t)&&c`<span class="tag warn">not kept yet</span>`}
      </span>
    </div>
    <div class="caption">
      <button type="button" class="link file" aria-pressed=${n?"true":"false"} onClick=${()=>Y(e)}>
        ${d.file(e)}
      </button>
      <p title=${`score ${q(d.score[e])}`}>
        <b class="score">${S(d.score[e])}</b>
        <span class="dim">
          ${!X(d,e)&&c` ${at(ut(e))} of ${A(d.scored)}`}
          ${d.opinion[e]!==null&&c` · opinion ${ue(d.opinion[e])}`}
          ${d.familiarity[e]!==null&&c` · familiarity ${S(d.familiarity[e])}`}
        </span>
      </p>
    </div>
  </section>`}function Tr({n:e}){let t=(o,n,s,r,i=!1)=>c`<button
      type="button"
      class="round"
      aria-label=${o}
      title=${`${o} (${n})`}
      disabled=${i}
      onClick=${s}
    >
      ${r}
    </button>`;return c`<div class="rail" role="toolbar" aria-label="The one with the frame">
    ${t("The candidate before","↑",()=>Et(-1),c`<${Pt} />`)}
    ${t("The next candidate","↓",()=>Et(1),c`<${Tt} />`)}
    <${Me} /><${Ce} />
    ${t("Every pixel, or whole","Z",St,c`<${Ot} />`)}
    ${t("Closer","+",()=>Je(1.3),"+")} ${t("Farther","-",()=>Je(1/1.3),"−")}
    ${t("Leave this one out","Del",mo,c`<${se} />`,e<=2)}
  </div>`}function is(){let e=O(null),t=O(null),o=u.current,n=d.id[o],{rows:s,where:r}=D(),i=r.get(o)??0;F(()=>{let l=e.current;return l.showModal(),l.focus(),()=>{l.close(),document.getElementById("grid")?.focus({preventScroll:!0})}},[]),j(()=>{for(let l of[i+1,i-1,i+2]){let $=s[l];$!==void 0&&!X(d,$)&&it(d.id[$])}},[n]),F(()=>{let l=t.current;u.zoomed&&l.scrollTo((l.scrollWidth-l.clientWidth)/2,(l.scrollHeight-l.clientHeight)/2)},[u.zoomed,n]);let a=O(null),h=l=>{let $=t.current;if(l.type==="pointerdown")a.current={x:l.clientX+$.scrollLeft,y:l.clientY+$.scrollTop,moved:!1};else if(l.type==="pointermove"&&a.current&&u.zoomed){let g=a.current.x-l.clientX,p=a.current.y-l.clientY;Math.abs(g-$.scrollLeft)+Math.abs(p-$.scrollTop)>3&&(a.current.moved=!0),$.scrollTo(g,p)}else if(l.type==="pointerup"){let g=a.current?l.clientX+t.current.scrollLeft-a.current.x:0;!u.zoomed&&l.pointerType==="touch"&&Math.abs(g)>40?he(g<0?1:-1):a.current&&!a.current.moved&&k({zoomed:!u.zoomed}),a.current=null}},f=x.isKept(n);return c`<dialog
    class="large"
    tabindex="-1"
    ref=${e}
    aria-label=${`${d.name[o]}, large`}
    onCancel=${l=>{l.preventDefault(),k(u.zoomed?{zoomed:!1}:{large:!1})}}
  >
    <div
      class=${u.zoomed?"stage zoomed":"stage"}
      ref=${t}
      onPointerDown=${h}
      onPointerMove=${h}
      onPointerUp=${h}
      onPointerLeave=${()=>a.current=null}
    >
      ${X(d,o)?c`<p class="blank">Not scored: ${d.error[o]}</p>`:c`<${et}
              key=${u.zoomed}
              id=${n}
              side=${u.zoomed?3200:1600}
              wait=${0}
              alt=${d.name[o]}
            />`}
    </div>
    <div class="rail">
      <button
        type="button"
        class="round"
        aria-label="The photograph before"
        title="Before (←)"
        disabled=${i===0}
        onClick=${()=>he(-1)}
      >
        <${Pt} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="The next photograph"
        title="Next (→)"
        disabled=${i>=s.length-1}
        onClick=${()=>he(1)}
      >
        <${Tt} />
      </button>
      <p class="about">
        <b>${S(d.score[o])}</b> <span class="file">${d.file(o)}</span>
        <span class="dim">${A(i+1)} of ${A(s.length)}</span
        >${!f&&c` <span class="tag warn">not kept yet</span>`}
      </p>
      <${Me} /><${Ce} />
      <button
        type="button"
        class="round"
        aria-pressed=${u.zoomed?"true":"false"}
        aria-label="Every pixel"
        title="Every pixel (Z)"
        onClick=${()=>k({zoomed:!u.zoomed})}
      >
        <${Ot} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="Back to the grid"
        title="Back (Space, Esc)"
        onClick=${()=>k({large:!1})}
      >
        <${se} />
      </button>
    </div>
  </dialog>`}function Re({text:e,label:t,id:o}){let[n,s]=U(!1);return e?c`<div class="command">
    <p class="dim">${t}</p>
    <div>
      <code id=${o}>${e}</code>
      <button
        type="button"
        class="round"
        aria-label="Copy the command"
        title=${n?"Copied":"Copy"}
        onClick=${async()=>{try{await navigator.clipboard.writeText(e),s(!0),T("Copied."),setTimeout(()=>s(!1),1500)}catch{getSelection().selectAllChildren(document.getElementById(o)),T("Selected: copy it with the keys of your system.")}}}
      >
        <${Vn} />
      </button>
    </div>
  </div>`:null}function as(){let e=He();return c`<aside class="filters" aria-label="Filters">
    <button
      type="button"
      class="opener"
      aria-expanded=${u.filters?"true":"false"}
      aria-controls="filter-parts"
      onClick=${()=>k({filters:!u.filters})}
    >
      <${Gn} />Filter, order, keep
      <span class="pill"
        >${Vo()?`${A(D().rows.length)} shown`:`${L(e.pick,"pick")}, ${L(e.reject,"reject")}`}</span
      >
    </button>
    <div class="parts" id="filter-parts">
      <${Or} /><${zr} /><${Lr} /><${Rr} />
      <${Re} text=${u.server?.command} label="The command that gives these scores" id="all-command" />
    </div>
  </aside>`}function Or(){let e=O(null),t=O(null),{low:o,high:n,counts:s}=ct(),r=Math.max(1,...s),i=(n-o)/pe,a=u.low??o,h=u.high??n,f=m=>m<=0||m>=pe?null:o+m*i,l=m=>{let{left:b,width:_}=e.current.getBoundingClientRect();return Math.max(0,Math.min(pe-1,Math.floor((m.clientX-b)/_*pe)))},$=m=>{if(m.type==="pointerdown"&&(m.currentTarget.setPointerCapture(m.pointerId),t.current=l(m)),t.current===null)return;let[b,_]=[t.current,l(m)].sort((v,y)=>v-y);k({low:f(b),high:f(_+1)}),m.type==="pointerup"&&(t.current=null,oe({}))},g=(m,b)=>{let _=Number(b);m==="low"?oe({low:_<=0?null:Math.min(o+_*i,h)}):oe({high:_>=pe?null:Math.max(o+_*i,a)})},p=(m,b,_)=>c`<input
      type="range"
      class=${m}
      min="0"
      max=${pe}
      step="0.25"
      value=${(b-o)/(i||1)}
      aria-label=${_}
      aria-valuetext=${S(b)}
      onInput=${v=>g(m,v.target.value)}
    />`;return c`<section aria-labelledby="h-score">
    <h2 id="h-score">Score</h2>
    <div
      class="bars"
      ref=${e}
      aria-hidden="true"
      title="Drag over the bars to show these scores alone"
      onPointerDown=${$}
      onPointerMove=${m=>t.current!==null&&$(m)}
      onPointerUp=${$}
      onPointerCancel=${()=>t.current=null}
    >
      ${Array.from(s,(m,b)=>c`<i
            key=${b}
            class=${o+(b+.5)*i>=a&&o+(b+.5)*i<=h?"in":""}
            style=${{height:m?`${Math.max(4,100*m/r)}%`:"0"}}
          ></i>`)}
    </div>
    <div class="limits">
      ${p("low",a,"Lowest score shown")}${p("high",h,"Highest score shown")}
    </div>
    <p class="line">
      <span>${S(a)}</span>
      ${u.low!==null||u.high!==null?c`<button type="button" class="link" onClick=${()=>oe({low:null,high:null})}>
              all scores
            </button>`:c`<span class="dim">to</span>`}
      <span>${S(h)}</span>
    </p>
  </section>`}function zr(){let e=Math.max(1,d.scored),t=n=>k({keep:Math.max(0,Math.min(e,Math.round(Number(n)||0)))}),o=D().proposed.size;return c`<section aria-labelledby="h-keep">
    <h2 id="h-keep">Keep</h2>
    <p class="line">
      <label for="keep">the best</label
      ><input
        type="number"
        id="keep"
        min="0"
        max=${e}
        value=${u.keep}
        onInput=${n=>t(n.target.value)}
      />
    </p>
    <input
      type="range"
      min="0"
      max="1000"
      value=${Math.round(Math.sqrt(u.keep/e)*1e3)}
      aria-label="Keep the best so many"
      aria-valuetext=${`the best ${u.keep}`}
      onInput=${n=>t((n.target.value/1e3)**2*e)}
    />
    <label class="line check"
      ><span>one of each burst</span
      ><input type="checkbox" checked=${u.single} onChange=${n=>te("single",n.target.checked)}
    /></label>
    <button type="button" class="wide main" disabled=${!o} onClick=${Xo}>
      ${o?`Pick the best ${A(o)}`:"Pick the best"}
    </button>
  </section>`}function Lr(){let e=He();return c`<section aria-labelledby="h-show">
    <h2 id="h-show">Show</h2>
    <fieldset class="choices">
      <legend class="hidden">Show</legend>
      ${Object.entries(rt).map(([t,o])=>(e[t]>0||["all","pick","reject","none",u.show].includes(t))&&c`<label key=${t} class=${u.show===t?"line chosen":"line"}>
            <input
              type="radio"
              name="show"
              class="hidden"
              checked=${u.show===t}
              onChange=${()=>oe({show:t})}
            />
            <span>${o}</span><span class="dim" id=${`n-${t}`}>${A(e[t])}</span></label
          >`)}
    </fieldset>
    <label class="field"
      ><span>Name</span
      ><input
        type="search"
        id="query"
        placeholder="part of a name"
        spellcheck=${!1}
        value=${u.query}
        onInput=${t=>oe({query:t.target.value})}
        onKeyDown=${t=>t.key==="Enter"&&document.getElementById("grid").focus()}
    /></label>
    <p class="dim shown">${L(D().rows.length,"photograph")} shown</p>
  </section>`}function Rr(){return c`<section aria-labelledby="h-order">
    <h2 id="h-order">Order</h2>
    <select
      aria-label="Order"
      id="order"
      value=${u.order}
      onChange=${e=>oe({order:e.target.value})}
    >
      ${Object.entries(st).map(([e,t])=>c`<option key=${e} value=${e} selected=${u.order===e}>${t}</option>`)}
    </select>
    <label class="line check"
      ><span>fold bursts</span
      ><input
        type="checkbox"
        id="fold"
        checked=${u.fold}
        onChange=${e=>te("fold",e.target.checked)}
    /></label>
    <label class="line check"
      ><span>go on after a mark</span
      ><input type="checkbox" checked=${u.advance} onChange=${e=>te("advance",e.target.checked)}
    /></label>
    <label class="line"
      ><span>size</span
      ><input
        type="range"
        min="110"
        max="420"
        step="10"
        value=${u.size}
        onInput=${e=>te("size",Number(e.target.value))}
    /></label>
  </section>`}function ls(){return c`<div class=${`cull ${u.filters?"with-filters":""} ${u.details?"with-details":""}`}>
    <${as} />
    <main id="content" tabindex="-1" aria-label="Photographs"><${Qn} /></main>
    <${ss} />
    ${u.large&&c`<${is} />`}
  </div>`}function us({title:e,children:t}){let o=O(null);F(()=>{let s=document.activeElement;return o.current.showModal(),()=>(s?.isConnected?s:document.getElementById("grid"))?.focus({preventScroll:!0})},[]);let n=()=>k({dialog:""});return c`<dialog
    class="box"
    ref=${o}
    aria-labelledby="h-dialog"
    onClose=${n}
    onClick=${s=>s.target===o.current&&n()}
  >
    <div class="inner">
      <div class="head">
        <h2 id="h-dialog">${e}</h2>
        <button type="button" class="round" aria-label="Close" title="Close (Esc)" onClick=${n}>
          <${se} />
        </button>
      </div>
      ${t}
    </div>
  </dialog>`}function ps(){let e=[...new Set(zt.map(t=>t.group))];return c`<${us} title="All keys">
    <div class="keys">
      ${e.map(t=>c`<section key=${t} aria-label=${t}>
            <h3>${t}</h3>
            <dl>
              ${zt.filter(o=>o.group===t).map(o=>c`<div key=${o.text}>
                    <dt>${o.label.map(n=>n==="…"?"–":c`<kbd>${n}</kbd> `)}</dt>
                    <dd>${o.text}</dd>
                  </div>`)}
            </dl>
          </section>`)}
    </div>
    <label class="check"
      ><input
        type="checkbox"
        checked=${u.letters}
        onChange=${t=>te("letters",t.target.checked)}
      />
      keys of one letter, digit or sign are on</label
    >
    <p class="dim">
      With the mouse: a click chooses, two clicks show a photograph large. Nothing is ever deleted, and no photograph is
      changed.
    </p>
  <//>`}var Nr={xmp:["XMP sidecars","stars and picks for Lightroom, darktable, digiKam and others, in a small file beside each photograph"],csv:["CSV","a table of names, scores and marks"],parquet:["Parquet","the same table for data tools"],links:["Links","a new folder of links to the photographs"],copies:["Copies","a new folder of copies of the photographs"]},cs={picks:"picks",rejects:"rejects",marked:"all with a mark or stars",all:"all photographs"};function hs(){let[e,t]=U({what:"xmp",only:"picks",xmp_name:"photo.xmp",folder:"picks"}),[o,n]=U(null),[s,r]=U(!1),i=m=>{t({...e,...m}),n(null)},a=He(),h={picks:a.pick,rejects:a.reject,all:a.all},f={xmp:"sidecar",csv:"row",parquet:"row"}[e.what]??"photograph",l=m=>`${cs[m]}${h[m]===void 0?"":` (${A(h[m])})`}`,$=e.what==="csv"||e.what==="parquet",g=e.what==="links"||e.what==="copies";return c`<${us} title="Export">
    <form onSubmit=${async m=>{m.preventDefault(),r(!0);try{let b={what:e.what,only:e.only};e.what==="xmp"&&(b.xmp_name=e.xmp_name),g&&(b.folder=e.folder);let _=await ye("/api/export",b);n(_),T(`Wrote ${_.written} to ${_.where}.`)}catch(b){n({error:b.message})}r(!1)}}>
      <fieldset class="what">
        <legend>What</legend>
        ${Object.entries(Nr).map(([m,[b,_]])=>c`<label key=${m} class="check">
              <input
                type="radio"
                name="what"
                value=${m}
                checked=${e.what===m}
                onChange=${()=>i({what:m})}
              /><span><b>${b}</b> <span class="dim">${_}</span></span></label
            >`)}
      </fieldset>
      <label class="field"
        ><span>Of which photographs</span
        ><select value=${e.only} onChange=${m=>i({only:m.target.value})}>
          ${Object.keys(cs).map(m=>c`<option key=${m} value=${m} selected=${e.only===m}>${l(m)}</option>`)}
        </select></label
      >
      ${e.what==="xmp"&&c`<label class="field"
          ><span>Name of each sidecar</span
          ><select value=${e.xmp_name} onChange=${m=>i({xmp_name:m.target.value})}>
            <option value="photo.xmp" selected=${e.xmp_name==="photo.xmp"}>
              photo.xmp (Lightroom, Capture One)
            </option>
            <option value="photo.jpg.xmp" selected=${e.xmp_name==="photo.jpg.xmp"}>
              photo.jpg.xmp (darktable, digiKam)
            </option>
          </select></label
        >`}
      ${g&&c`<label class="field"
          ><span>Name of the new folder</span>
          <input type="text" required value=${e.folder} onInput=${m=>i({folder:m.target.value})}
        /></label>`}
      <p class="line end">
        ${$&&c`<a class="button" href=${`/api/export.${e.what}?only=${e.only}`} download>Download</a>`}
        <button type="submit" class="main" disabled=${s||x.queue.length>0}>
          ${s?"Writing…":"Write"}
        </button>
      </p>
      ${x.queue.length>0&&c`<p class="warn">${L(x.queue.length,"change")} of marks not kept yet: wait for the server.</p>`}
    </form>
    ${o&&c`<div class="answer" role="status">
        ${o.error?c`<p class="warn">${o.error}</p>`:c`<p>${`Wrote ${L(o.written,f)} to `}<span class="path">${o.where}</span></p>
                ${o.skipped?.length>0&&c`<p>Left as they are:</p>
                    <ul class="skipped">
                      ${o.skipped.slice(0,50).map(m=>c`<li key=${m}>${m}</li>`)}
                    </ul>`}`}
      </div>`}
    <p class="dim">Nothing is ever deleted, no photograph is changed, and no file of another program is overwritten.</p>
  <//>`}var ko=(e,t,o)=>1/(1+Math.exp((t-e)/o));function Ur(e,t,o,n){let s=1-n,r=Math.sqrt(n*n+s*s+2*n*s*o);return r>0?(n*e+s*t)/r:0}var vo=e=>e.top_k.k.length+(e.whole?1:0),xo=(e,t)=>t>=e.top_k.k.length;function Mo(e,t,o=1){let n=xo(e,t),s=r=>{let i=n?e.whole[r]:e.top_k[r][t],a=n?e.whole[`${r}_to_mean`]:e.top_k[`${r}_to_mean`][t];return o>=1?i:Ur(i,e.mean[r],a,o)};return ko(s("good"),s("bad"),e.temperature)}function fs(e){let[t,o=""]=e.method.split(/:(.*)/s),n=Object.fromEntries(o.split(",").map(a=>a.split("="))),s={mean:"mean",offset:"offset",retrieval:"top_k"}[t]??"",r=e.top_k.k,i=t==="retrieval"&&!n.top_k&&e.whole;return{kind:n.mode==="joint"?"":s,k:i?r.length:ds(r,Number(n.top_k??Math.min(16,r.length))),offset:e.offset?ds(e.offset.offset,Number(n.offset??.2)):0,blend:Number(n.blend??1)}}var Co=(e,t)=>ko(e.offset.good[t],e.offset.bad[t],e.temperature),So=e=>ko(e.mean.good,e.mean.bad,e.temperature);function ds(e,t){let o=0;for(let n=1;n<e.length;n++)Math.abs(e[n]-t)<Math.abs(e[o]-t)&&(o=n);return o}var re=1e3,ms=(e,t)=>Math.round(Math.exp(e/re*Math.log(t))-1),Eo=(e,t)=>t>1?Math.log(e+1)/Math.log(t)*re:0;function Ao(e,t,o,n,s,r){let i=[],a=-10;for(let h=0;h<e;h++){let f=t(h);if(f-a<re/300&&h<e-1)continue;a=f;let l=r-(o(h)-n)/(s-n||1)*r;i.push(`${i.length?"L":"M"}${f.toFixed(1)} ${l.toFixed(1)}`)}return i.join("")}var _e=300;function $s({why:e}){return e.curves?c`<${jr} why=${e} />`:c`<section class="ways">
      <p class="dim">This way to score compares no centroids, so it has no curves.</p>
    </section>`}function jr({why:e}){let{curves:t,commands:o}=e,[n]=U(()=>fs(t)),[s,r]=U(n.kind||"top_k"),[i,a]=U(n.k),[h,f]=U(n.offset),[l,$]=U(n.blend),g=vo(t),p=M=>{r("top_k"),a(M)},m=M=>p(R=>Math.max(0,Math.min(g-1,R+M)));j(()=>{let M=R=>{R.key!=="["&&R.key!=="]"||R.target.matches("input:not([type=range], [type=radio]), textarea")||m(R.key==="]"?1:-1)};return addEventListener("keydown",M),()=>removeEventListener("keydown",M)},[t]);let b=vt(()=>Br(t,l),[t,l]),_={mean:So(t),top_k:Mo(t,i,l),offset:t.offset&&Co(t,h)},v=xo(t,i),y=v?"all":t.top_k.k[i],E=t.offset?.offset[h],P={mean:"mean of all",top_k:v?"all by likeness":`the ${A(y)} nearest a side`,offset:`offset ${S(E??0)}`},C=M=>M?.replace("{k}",y).replace("{offset}",String(E)).replace("{blend}",String(l)),N=`${v?"whole":"top_k"}${l<1?"_blend":""}`,W={mean:o.mean,offset:C(o.offset),top_k:C(o[N])}[s],K={mean:n.kind==="mean",offset:n.kind==="offset"&&h===n.offset,top_k:n.kind==="top_k"&&i===n.k&&l===n.blend};return c`<section class="ways" aria-labelledby="h-ways">
    <h2 id="h-ways">Other ways to score</h2>
    <div class="number">
      <p class="score">
        <b id="way-score">${q(_[s])}</b>
        <span class="dim">${P[s]}${s==="top_k"&&l<1?`, blend ${S(l)}`:""}</span>
      </p>
    </div>
    <fieldset class="choices">
      <legend class="hidden">Way</legend>
      ${Object.keys(P).filter(M=>_[M]!==null&&_[M]!==void 0).map(M=>c`<label key=${M} class=${s===M?"line chosen":"line"}
              ><input type="radio" class="hidden" name="way" checked=${s===M} onChange=${()=>r(M)} />
              <span>${P[M]}${K[M]?" (in force)":""}</span><b>${q(_[M])}</b></label
            >`)}
    </fieldset>
    <${gs}
      title="Anchors a side (k)"
      kind="top_k"
      d=${b.top_k}
      drawn=${b}
      at=${Eo(i,g)}
      score=${_.top_k}
      ends=${[1,t.whole?"all":A(g)]}
      text=${`k = ${y}, score ${q(_.top_k)}`}
      onStep=${M=>p(ms(M,g))}
      onKey=${m}
    />
    <label class="field"
      ><span class="line"><span>Blend with the mean</span><b>${S(l)}</b></span>
      <input
        type="range"
        id="blend"
        min="0"
        max="1"
        step="0.01"
        value=${l}
        aria-valuetext=${`${S(l)}, score ${q(_.top_k)}`}
        onInput=${M=>{r("top_k"),$(Number(M.target.value))}}
      /><span class="line dim"><span>the mean</span><span>the nearest alone</span></span></label
    >
    ${t.offset&&c`<${gs}
        title="Offset: share left out next to the median"
        kind="offset"
        d=${b.offset}
        drawn=${b}
        at=${h/Math.max(1,t.offset.offset.length-1)*re}
        score=${_.offset}
        ends=${[S(t.offset.offset[0]),S(t.offset.offset.at(-1))]}
        text=${`offset = ${E}, score ${q(_.offset)}`}
        onStep=${M=>{r("offset"),f(Math.round(M/re*(t.offset.offset.length-1)))}}
        onKey=${M=>{r("offset"),f(R=>Math.max(0,Math.min(t.offset.offset.length-1,R+M)))}}
      />`}
    <${Re} text=${W} label="The command that gives this number" id="way-command" />
  </section>`}function Br(e,t){let{offset:o}=e,n=vo(e),s=o?.offset.length??0,r=[];for(let l=0;l<n;l++)r.push(Mo(e,l,t));for(let l=0;l<s;l++)r.push(Co(e,l));r.push(So(e));let i=Math.min(...r),a=Math.max(...r),h=(i+a)/2,f=Math.max((a-i)*.55,.05);return i=Math.max(0,h-f),a=Math.min(1,h+f),{low:i,up:a,top_k:n?Ao(n,l=>Eo(l,n),l=>r[l],i,a,_e):"",offset:s?Ao(s,l=>l/Math.max(1,s-1)*re,l=>r[n+l],i,a,_e):""}}function gs({title:e,kind:t,d:o,drawn:n,at:s,score:r,ends:i,text:a,onStep:h,onKey:f}){let l=_e-(r-n.low)/(n.up-n.low)*_e,$={ArrowLeft:-1,ArrowDown:-1,ArrowRight:1,ArrowUp:1,PageDown:-10,PageUp:10},g=p=>{p.key in $&&(p.preventDefault(),f($[p.key]))};return c`<div class=${`curve ${t}`}>
    <label for=${`slide-${t}`}>${e}</label>
    <svg viewBox=${`0 0 ${re} ${_e}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="rule" x1="0" x2=${re} y1="0" y2="0" />
      <line class="rule" x1="0" x2=${re} y1=${_e} y2=${_e} />
      <path d=${o} />
      <line class="cursor" x1=${s} x2=${s} y1="0" y2=${_e} />
      <line class="level" x1="0" x2=${s} y1=${l} y2=${l} />
    </svg>
    <span class="up dim">${S(n.up)}</span><span class="low dim">${S(n.low)}</span>
    <input
      type="range"
      id=${`slide-${t}`}
      min="0"
      max=${re}
      step="any"
      value=${s}
      aria-valuetext=${a}
      onInput=${p=>h(Number(p.target.value))}
      onKeyDown=${g}
    />
    <p class="line dim"><span>${i[0]}</span><b>${a.replace(", score"," →")}</b><span>${i[1]}</span></p>
  </div>`}var _s=new Map,Dr="See its score, and why it has it. The image stays on this machine. Enter on a photograph in Cull leads here, too.",Ir=64*2**20;function bs({id:e}){let[t,o]=U(""),[n,s]=U(""),[r,i]=U(!1),a=O(null),h=Lt(e,0),f=d.rows.get(e),l=_s.get(e)??(f===void 0?"":d.name[f]),$=async g=>{if(g){if(g.size>Ir)return s("The image is larger than 64 MB: save a smaller one.");s(""),o(g.name||"the image");try{let p=await Ro("/api/images",g);yo(p),_s.set(p.id,g.name||"pasted image"),$e("one",p.id),T(`Score ${q(p.score)}`)}catch(p){p.gone?ie(p):s(p.message)}o("")}};return j(()=>{let g=y=>[...y?.files??[]][0],v={paste:y=>{let E=g(y.clipboardData);E&&y.preventDefault(),$(E)},drop:y=>{y.preventDefault(),i(!1),$(g(y.dataTransfer))},dragover:y=>{y.preventDefault(),i(!0)},dragleave:y=>y.relatedTarget===null&&i(!1)};for(let[y,E]of Object.entries(v))addEventListener(y,E);return()=>Object.entries(v).forEach(([y,E])=>removeEventListener(y,E))},[]),j(()=>document.getElementById("content").focus({preventScroll:!0}),[]),c`<main
    id="content"
    class=${`one ${r?"over":""} ${e===null?"start":""}`}
    tabindex="-1"
    aria-label="One image"
  >
    <section class="subject" aria-label="The image">
      ${e!==null&&c`<div class="preview"><${et} id=${e} wait=${0} alt=${l} /></div>`}
      ${l&&c`<p class="file">${l}</p>`}
      ${f!==void 0&&f===u.current&&c`<div class="doing"><${Me} /><${Ce} /></div>`}
      <div class="drop">
        <p>${t?`Scoring ${t}…`:"Drop or paste an image anywhere, or"}</p>
        <button type="button" disabled=${!!t} onClick=${()=>a.current.click()}>Choose a file…</button>
        <input
          type="file"
          accept="image/*,.heic,.jxl,.dng,.nef,.cr2,.cr3,.arw,.raf,.rw2,.orf"
          class="hidden"
          tabindex="-1"
          aria-label="Image file"
          ref=${a}
          onChange=${g=>{$(g.target.files[0]),g.target.value=""}}
        />
      </div>
      ${n&&c`<p class="warn" role="alert">${n}</p>`}
      ${h&&c`<div class="number">
            <p class="score"><b id="score">${q(h.score)}</b> <span class="dim">${h.curves?.method}</span></p>
          </div>
          <${Rt} value=${h.opinion} low=${h.low} high=${h.high} />
          <${Nt} value=${h.familiarity} />
          <${Re} text=${h.commands?.now} label="The command that gives this score" id="command" />`}
      ${e===null&&c`<p class="dim">${Dr}</p>`}
    </section>
    ${h?c`<section class="neighbours" aria-label="Nearest anchors">
              <${Le}
                side="good"
                list=${h.good}
                most=${12}
                pictures=${h.anchors_have_pictures}
                title="Nearest good anchors: rating · weight"
              />
              <${Le}
                side="bad"
                list=${h.bad}
                most=${12}
                pictures=${h.anchors_have_pictures}
                title="Nearest bad anchors: rating · weight"
              />
              ${h.scale&&c`<p class="dim">Ratings: ${h.scale}.</p>`}
            </section>
            <${$s} key=${e} why=${h} />`:e!==null&&c`<p class="empty" role="status">Asking why…</p>`}
  </main>`}var ys={cull:"Cull",one:"One image",anchors:"Anchors",compare:"Compare"};function ws(){let[e,t]=location.hash.slice(1).split("/"),o=t?d.rows.get(Number(t)):void 0;o!==void 0&&k({current:o,moved:!0}),k({view:ys[e]?{name:e,id:t&&e==="one"?Number(t):null,ids:t?.split(",").map(Number)}:{name:"cull",id:null},large:!1,dialog:""})}function Wr(e){if(u.current<0||u.view.name===e)return!1;if(e==="one")$e("one",d.id[u.current]);else if(e==="compare")ho();else return!1;return!0}function ks(){let{theme:e}=u;e==="auto"?delete document.documentElement.dataset.theme:document.documentElement.dataset.theme=e}function Hr(){let{server:e,view:t}=u,o=e?.index,n=Jo(),s=We(),r=`${L(d.n,"photograph")}${d.unlike?` · ${A(d.unlike)} unlike the anchors`:""}`;return c`<header class="top">
    <a class="skip" href="#content" onClick=${Fr}>Skip to the content</a>
    <h1>quasar-index</h1>
    ${o&&c`<p class="pill" title=${o.description}>${o.name} · ${o.method} · ${L(o.n_good+o.n_bad,"anchor")}</p>`}
    <nav aria-label="Views">
      ${Object.entries(ys).map(([i,a])=>c`<a
            key=${i}
            href=${`#${i}`}
            aria-current=${t.name===i?"page":void 0}
            onClick=${h=>Wr(i)&&h.preventDefault()}
            >${a}</a
          >`)}
    </nav>
    ${n&&c`<div class="progress">
        <progress max="1" value=${n.share} aria-label="Scoring"></progress><span>${n.text}</span>
      </div>`}
    <div class="right">
      ${!n&&e&&c`<p class="pill counts">${r}</p>`}
      <button type="button" onClick=${()=>k({dialog:"export"})}>Export…</button>
      <button
        type="button"
        class="round"
        aria-label="All keys"
        title="All keys (?)"
        onClick=${()=>k({dialog:"keys"})}
      >
        ?
      </button>
      <button
        type="button"
        class="round"
        aria-label=${s?"Light colours":"Dark colours"}
        title=${s?"Light colours":"Dark colours"}
        onClick=${()=>te("theme",s?"light":"dark")}
      >
        <${s?Yn:Xn} />
      </button>
    </div>
  </header>`}function Fr(e){e.preventDefault(),(document.getElementById("grid")??document.getElementById("content")).focus()}function qr(){let e=x.queue.length;return u.problem?c`<div class="problem" role="alert">
    <p>
      ${u.problem}${e?` ${L(e,"change")} of marks ${e===1?"is":"are"} not kept yet.`:""}
    </p>
    <button type="button" onClick=${()=>k({problem:""})}>Dismiss</button>
  </div>`:null}function Kr(){let e=(t,...o)=>c`<span>${o.map(n=>n==="–"?"–":c`<kbd>${n}</kbd>`)} ${t}</span>`;return c`<footer>
    ${u.view.name==="compare"?c`<p class="hints">
            ${e("the one beside","←","→")}${e("next candidate","↓")}${e("pick","P")}${e("reject","X")}
            ${e("zoom","+","−")}${e("every pixel","Z")}${e("back","Esc")}${e("all keys","?")}
          </p>`:u.view.name==="anchors"?c`<p class="hints">
              ${e("lasso or move","L")}${e("zoom","+","−")}${e("the whole map","Home")}${e("back","Esc")}${e("all keys","?")}
            </p>`:u.view.name==="cull"?c`<p class="hints">
                ${e("move","←","→")}${e("pick","P")}${e("reject","X")}${e("undo","U")}
                ${e("stars","1","–","5")}${e("large","Space")}${e("burst","B")}${e("why","Enter")}${e("all keys","?")}
              </p>`:c`<p class="hints">
                ${e("move","←","→")}${e("pick","P")}${e("reject","X")}
                ${e("anchors a side","[","]")}${e("back","Esc")}${e("all keys","?")}
              </p>`}
    <p class="store">
      Nothing is ever
      deleted${u.server&&c` · marks are kept in <span class="path">${u.server.store}</span>`}
    </p>
  </footer>`}function Xr(){let[,e]=ge(t=>t+1,0);return j(()=>qo(e),[]),j(ks,[u.theme]),c`<${Hr} /><${qr} />
    ${{one:c`<${bs} id=${u.view.id} />`,compare:c`<${rs} />`,anchors:c`<${Nn} />`}[u.view.name]??c`<${ls} />`}
    <${Kr} />
    ${u.dialog==="keys"&&c`<${ps} />`} ${u.dialog==="export"&&c`<${hs} />`}
    <p class="hidden" role="status" aria-live="polite" id="said">${u.said}</p>`}ks();ws();addEventListener("hashchange",ws);addEventListener("keydown",os);matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>k());addEventListener("beforeunload",e=>x.queue.length&&e.preventDefault());no(c`<${Xr} />`,document.getElementById("app"));Zo();
