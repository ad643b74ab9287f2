function Ie(e,t){let n=Uint8Array.from(atob(e),o=>o.charCodeAt(0));return new t(n.buffer)}var qs="440154482475414487355f8d2a788e21918c22a8847ad151bddf26fde725",it=Array.from({length:10},(e,t)=>Hn(`#${qs.slice(6*t,6*t+6)}`)),Hs=[138,138,138];function Hn(e){return[1,3,5].map(t=>parseInt(e.slice(t,t+2),16))}function Kt(e){if(!(e>=0))return Hs;let t=Math.min(1,e)*(it.length-1),n=Math.min(it.length-2,Math.floor(t));return it[n].map((o,s)=>Math.round(o+(t-n)*(it[n+1][s]-o)))}function Fn(e,t){let n=new Uint8Array(4*t).fill(255),o=e.kind==="groups"?e.groups.map(([,r])=>Hn(r)):null,s=e.high-e.low;for(let r=0;r<t;r++){let a=o?0:e.values[r],i=o?o[e.codes[r]]:Kt(Number.isNaN(a)?NaN:s?(a-e.low)/s:.5);n[4*r]=i[0],n[4*r+1]=i[1],n[4*r+2]=i[2]}return n}function Kn(e){let t=e.length,n=new Uint32Array(256);for(let a=0;a<t;a++)n[e[a]]+=1;let o=[...n.keys()].filter(a=>n[a]).sort((a,i)=>n[i]-n[a]||a-i),s=new Uint32Array(256);o.reduce((a,i)=>(s[i]=a,a+n[i]),0);let r=new Uint32Array(t);for(let a=0;a<t;a++)r[s[e[a]]++]=a;return r}var Fs=`#version 300 es
in vec2 place; in vec4 colour;
uniform vec2 middle, scale; uniform float size;
out vec4 shade;
void main() { gl_Position = vec4((place - middle) * scale, 0.0, 1.0); gl_PointSize = size; shade = colour; }`,Ks=`#version 300 es
precision mediump float;
in vec4 shade; out vec4 colour;
void main() { vec2 at = gl_PointCoord - 0.5; if (dot(at, at) > 0.25) discard; colour = shade; }`,lt=class{constructor(t,n,{x:o,y:s,on:r={},dark:a=!1}){Object.assign(this,{canvas:t,over:n,x:o,y:s,on:r,n:o.length,mode:"move",dark:a}),this.hidden=null,this.dimmed=null,this.rings=new Uint32Array(0),this.gl=t.getContext("webgl2",{antialias:!1,preserveDrawingBuffer:!0}),this.gl?this._compile():this.plain=t.getContext("2d"),this.path=null,this.fit();for(let i of["pointerdown","pointermove","pointerup","pointercancel","pointerleave"])n.addEventListener(i,h=>this._pointer(h));n.addEventListener("wheel",i=>this._wheel(i),{passive:!1}),n.addEventListener("dblclick",()=>this.fit(!0)),this.observer=new ResizeObserver(()=>this.resize()),this.observer.observe(n)}close(){this.observer.disconnect(),this.gl?.getExtension("WEBGL_lose_context")?.loseContext()}fit(t=!1){let[n,o,s,r]=[1/0,-1/0,1/0,-1/0];for(let a=0;a<this.n;a++)this.x[a]<n&&(n=this.x[a]),this.x[a]>o&&(o=this.x[a]),this.y[a]<s&&(s=this.y[a]),this.y[a]>r&&(r=this.y[a]);this.box=[n,o,s,r],this.middle=[(n+o)/2,(s+r)/2],this.zoom=1,t&&this.draw()}get unit(){let[t,n,o,s]=this.box,{clientWidth:r,clientHeight:a}=this.over,i=Math.max(n-t,1e-9),h=Math.max(s-o,1e-9);return this.zoom*Math.max(1e-9,Math.min((r-40)/i,(a-40)/h))}at(t){let n=this.unit;return[this.over.clientWidth/2+(this.x[t]-this.middle[0])*n,this.over.clientHeight/2-(this.y[t]-this.middle[1])*n]}paint(t,n){Object.assign(this,{colours:t,order:n}),this._upload(),this.draw()}hide(t){this.hidden=t,this._upload(),this.draw()}dim(t){this.dimmed=t,this._upload(),this.draw()}resize(){let t=window.devicePixelRatio||1;for(let n of[this.canvas,this.over])n.width=Math.max(1,Math.round(this.over.clientWidth*t)),n.height=Math.max(1,Math.round(this.over.clientHeight*t));this._draw()}draw(){this.waiting||(this.waiting=requestAnimationFrame(()=>this._draw()))}get size(){return Math.max(2.2,Math.min(9,9-Math.log10(Math.max(this.n,1)/300)*2.5))*Math.min(2.5,Math.sqrt(this.zoom))}_compile(){let{gl:t}=this,n=t.createProgram();for(let[o,s]of[[t.VERTEX_SHADER,Fs],[t.FRAGMENT_SHADER,Ks]]){let r=t.createShader(o);t.shaderSource(r,s),t.compileShader(r),t.attachShader(n,r)}t.bindAttribLocation(n,0,"place"),t.bindAttribLocation(n,1,"colour"),t.linkProgram(n),t.useProgram(n),this.places=t.createBuffer(),this.shades=t.createBuffer(),this.uniform=Object.fromEntries(["middle","scale","size"].map(o=>[o,t.getUniformLocation(n,o)])),t.enable(t.BLEND),t.blendFuncSeparate(t.SRC_ALPHA,t.ONE_MINUS_SRC_ALPHA,t.ONE,t.ONE_MINUS_SRC_ALPHA)}_upload(){if(!this.colours)return;let t=this.hidden?this.order.filter(r=>!this.hidden[r]):this.order;if(this.drawn=t,!this.gl)return;let n=new Float32Array(2*t.length),o=new Uint8Array(4*t.length);for(let r=0;r<t.length;r++){let a=t[r];n[2*r]=this.x[a],n[2*r+1]=this.y[a],o[4*r]=this.colours[4*a],o[4*r+1]=this.colours[4*a+1],o[4*r+2]=this.colours[4*a+2],o[4*r+3]=this.dimmed?.[a]?45:225}let{gl:s}=this;s.bindBuffer(s.ARRAY_BUFFER,this.places),s.bufferData(s.ARRAY_BUFFER,n,s.STATIC_DRAW),s.enableVertexAttribArray(0),s.vertexAttribPointer(0,2,s.FLOAT,!1,0,0),s.bindBuffer(s.ARRAY_BUFFER,this.shades),s.bufferData(s.ARRAY_BUFFER,o,s.STATIC_DRAW),s.enableVertexAttribArray(1),s.vertexAttribPointer(1,4,s.UNSIGNED_BYTE,!0,0,0)}_draw(){if(cancelAnimationFrame(this.waiting),this.waiting=0,!this.drawn||!this.over.clientWidth)return;let t=this.canvas.width/this.over.clientWidth,n=this.unit;if(this.gl){let{gl:o}=this;o.viewport(0,0,this.canvas.width,this.canvas.height),o.clearColor(0,0,0,0),o.clear(o.COLOR_BUFFER_BIT),o.uniform2f(this.uniform.middle,...this.middle),o.uniform2f(this.uniform.scale,2*n/this.over.clientWidth,2*n/this.over.clientHeight),o.uniform1f(this.uniform.size,this.size*t),o.drawArrays(o.POINTS,0,this.drawn.length)}else this._drawPlain(t);this._drawOver(t),this.on.moved?.()}_drawPlain(t){let{plain:n,colours:o}=this,s=this.size;n.setTransform(t,0,0,t,0,0),n.clearRect(0,0,this.over.clientWidth,this.over.clientHeight);for(let r of this.drawn){let[a,i]=this.at(r),[h,f,l]=o.subarray(4*r,4*r+3);n.fillStyle=`rgb(${h} ${f} ${l} / ${this.dimmed?.[r]?.18:.88})`,n.fillRect(a-s/2,i-s/2,s,s)}}_drawOver(t){let n=this.over.getContext("2d");n.setTransform(t,0,0,t,0,0),n.clearRect(0,0,this.over.clientWidth,this.over.clientHeight),n.strokeStyle=this.dark?"#fff":"#000",n.lineWidth=1.3;for(let o of this.rings){let[s,r]=this.at(o);n.beginPath(),n.arc(s,r,this.size/2+2.5,0,7),n.stroke()}this.path&&(n.beginPath(),this.path.forEach(([o,s],r)=>r?n.lineTo(o,s):n.moveTo(o,s)),n.closePath(),n.fillStyle="rgb(90 160 250 / .18)",n.fill(),n.setLineDash([5,4]),n.stroke(),n.setLineDash([]))}nearest(t,n,o=9){let s=this.unit,r=this.middle[0]+(t-this.over.clientWidth/2)/s,a=this.middle[1]-(n-this.over.clientHeight/2)/s,i=(Math.max(o,this.size/2+2)/s)**2,h=-1;for(let f=0;f<this.n;f++){let l=(this.x[f]-r)**2+(this.y[f]-a)**2;l<i&&!this.hidden?.[f]&&(i=l,h=f)}return h}inside(t){let n=Math.max(1,this.over.clientHeight),o=Array.from({length:n},()=>[]);t.forEach(([f,l],$)=>{let[g,p]=t[($+1)%t.length],m=Math.max(0,Math.floor(Math.min(l,p))),b=Math.min(n-1,Math.floor(Math.max(l,p)));for(let _=m;_<=b;_++)o[_].push([f,l,g,p])});let s=this.unit,[r,a]=[this.over.clientWidth/2,this.over.clientHeight/2],i=new Uint32Array(this.n),h=0;for(let f=0;f<this.n;f++){let l=a-(this.y[f]-this.middle[1])*s;if(!(l>=0&&l<n)||this.hidden?.[f])continue;let $=r+(this.x[f]-this.middle[0])*s,g=!1;for(let[p,m,b,_]of o[Math.floor(l)])m>l!=_>l&&$<p+(l-m)/(_-m)*(b-p)&&(g=!g);g&&(i[h++]=f)}return i.slice(0,h)}zoomBy(t,n=0,o=0){let s=this.unit;this.zoom=Math.max(.5,Math.min(500,this.zoom*t));let r=1/s-1/this.unit;this.middle=[this.middle[0]+n*r,this.middle[1]-o*r],this.draw()}moveBy(t,n){let o=this.unit;this.middle=[this.middle[0]-t/o,this.middle[1]+n/o],this.draw()}_place(t){let n=this.over.getBoundingClientRect();return[t.clientX-n.left,t.clientY-n.top]}_wheel(t){t.preventDefault();let[n,o]=this._place(t),s=t.deltaMode===1?30:1;this.zoomBy(Math.exp(-t.deltaY*s*.0018),n-this.over.clientWidth/2,o-this.over.clientHeight/2)}_pointer(t){let n=this._place(t);if(t.type==="pointerdown"&&t.button===0)this.over.setPointerCapture(t.pointerId),this.grab={from:n,last:n,moved:!1},this.on.lasso&&this.mode==="lasso"!==t.shiftKey&&(this.path=[n]);else if(t.type==="pointermove"&&this.grab){let[o,s]=[n[0]-this.grab.last[0],n[1]-this.grab.last[1]];if(Math.hypot(n[0]-this.grab.from[0],n[1]-this.grab.from[1])>3&&(this.grab.moved=!0),this.path){if(Math.hypot(o,s)<2)return;this.path.push(n),this.draw()}else this.moveBy(o,s);this.grab.last=n}else if(t.type==="pointermove")this.pointed=[n,t],this.pointing||=requestAnimationFrame(()=>{this.pointing=0,this.pointed&&this.on.hover?.(this.nearest(...this.pointed[0]),this.pointed[1])});else if(t.type==="pointerup"&&this.grab){let{moved:o}=this.grab,s=this.path;this.grab=this.path=null,o?s?.length>2&&this.on.lasso?.(this.inside(s),t):this.on.click?.(this.nearest(...n),t),this.draw()}else(t.type==="pointercancel"||t.type==="pointerleave")&&(t.type==="pointercancel"&&(this.grab=this.path=null),this.pointed=null,this.grab||this.on.hover?.(-1,t))}};var Me=class extends Error{constructor(t,{gone:n=!1,status:o=0}={}){super(t),this.gone=n,this.status=o}},Xn="The server has stopped: run the command again.",Xs="This page is not known to the server any more: open the address that the command printed.",Yn="";function Xt(e){Yn=e??""}async function Yt(e,t){let n;try{n=await fetch(e,{credentials:"same-origin",cache:"no-store",...t})}catch(r){throw r.name==="AbortError"?r:new Me(Xn,{gone:!0})}let o=null;try{o=await n.json()}catch(r){if(r.name==="AbortError")throw r;if(n.ok)throw new Me(Xn,{gone:!0})}if(n.ok)return o;let s=n.status;throw s===401||s===403?new Me(Xs,{gone:!0,status:s}):s===409?new Me("The command was started again: this page loads anew.",{gone:!0,status:s}):new Me(o?.error??`The server answered ${s}.`,{status:s})}var K=(e,t)=>Yt(e,{signal:t}),le=(e,t)=>Yt(e,{method:"POST",headers:{"Content-Type":"application/json","X-Run":Yn},body:JSON.stringify(t)}),Vn=(e,t)=>Yt(e,{method:"POST",headers:{"Content-Type":t.type||"application/octet-stream","X-Name":encodeURIComponent(t.name??"")},body:t}),ze=e=>new Promise(t=>setTimeout(t,e));var Ys=Object.freeze({mark:"",stars:0}),ct=class{constructor(t){this.on=t,this.states=new Map,this.queue=[],this.busy=!1,this.version=0,this.counts={pick:0,reject:0,stars:0},this.unkept=new Set}of(t){return this.states.get(t)??Ys}isKept(t){return!this.unkept.has(t)}async load(){this._take((await K("/api/marks")).marks,!0)}arrive(t,n){let o=!1;for(let s of n){let r=t.id[s];!t.mark?.[s]&&!t.stars?.[s]||this.unkept.has(r)||(this.states.set(r,{mark:t.mark[s],stars:t.stars[s]}),o=!0)}o&&this._changed()}waitingFor(t){return this.queue.filter(n=>n.before).map(({ids:n,body:o})=>({names:n.map(t),body:o}))}async resend(t,n){for(let{names:o,body:s}of t){let r=o.map(a=>n.get(a)).filter(a=>a!==void 0);r.length&&await le("/api/marks",{...s,ids:r})}}set(t,n){let o=t.map(s=>[s,this.of(s)]);for(let s of t)this.states.set(s,{...this.of(s),...n});this.queue.push({path:"/api/marks",body:{ids:t,...n},ids:t,before:o}),this._changed(),this._pump()}undo(){let t=this.queue.at(-1);if(t?.before&&!(this.busy&&this.queue.length===1&&!this.waiting)){this.queue.pop();for(let[n,o]of t.before)this.states.set(n,o);this._changed(),this.on.undone(t.ids);return}this.queue.push({path:"/api/undo",body:{},ids:[],before:null}),this._pump()}async _pump(){if(!this.busy){for(this.busy=!0;this.queue.length;){let t=this.queue[0];try{let{marks:n}=await le(t.path,t.body);this._done(t);let o=new Set(this.queue.flatMap(s=>s.ids));this._take(Object.fromEntries(Object.entries(n??{}).filter(([s])=>!o.has(Number(s)))),!1),t.path==="/api/undo"&&this.on.undone(Object.keys(n??{}).map(Number))}catch(n){if(this.on.failed(n),n.gone){for(this.waiting=!0;!this.on.isBack();)await ze(300);this.waiting=!1;continue}this._done(t);try{await this.load()}catch{}}}this.busy=!1,this._changed()}}_done(t){let n=this.queue.indexOf(t);n>=0&&this.queue.splice(n,1)}_take(t,n){n&&(this.states=new Map);for(let[o,{mark:s,stars:r}]of Object.entries(t??{}))this.states.set(Number(o),{mark:s??"",stars:r??0});if(n)for(let o of this.queue)this._again(o);this._changed()}_again({ids:t,body:n}){let{mark:o,stars:s}=n;for(let r of t)this.states.set(r,{mark:o??this.of(r).mark,stars:s??this.of(r).stars})}_changed(){let t={pick:0,reject:0,stars:0};for(let{mark:n,stars:o}of this.states.values())n&&(t[n]+=1),o&&(t.stars+=1);this.counts=t,this.unkept=new Set(this.queue.flatMap(n=>n.ids)),this.version+=1,this.on.changed()}};var Gn=["id","name","folder","score","familiarity","opinion","low","high","taken","width","height","burst","error"];var We=class{constructor(){this.n=0,this.version=0,this.rows=new Map,this.scored=0,this.unlike=0,this.broken=0,this.taste=[],this.bursts=new Map;for(let t of Gn)this[t]=[]}append(t){let n=[];for(let o=0;o<t.id.length;o++){if(this.rows.has(t.id[o]))continue;n.push(o),this.rows.set(t.id[o],this.n);for(let r of Gn)this[r].push(t[r]?.[o]??null);this.error[this.n]||this.score[this.n]===null?this.broken+=1:this.scored+=1;let s=this.familiarity[this.n];s!==null&&s<.05&&(this.unlike+=1),this.n+=1}return n.length&&(this.version+=1),n}group(t){for(let o=0;o<this.n;o++)this.burst[o]=t[this.id[o]];let n=new Map;for(let o=0;o<this.n;o++){let s=this.burst[o];s!=null&&(n.has(s)?n.get(s).push(o):n.set(s,[o]))}this.bursts=new Map([...n].filter(([,o])=>o.length>1));for(let o of this.bursts.values())o.sort((s,r)=>(this.score[r]??-1)-(this.score[s]??-1)||s-r);this.version+=1}burstOf(t){return this.bursts.get(this.burst[t])??[]}file(t){let n=this.name[t]??"";return n.slice(n.lastIndexOf("/")+1)}};var pt={best:"score, best first",worst:"score, worst first",name:"name",time:"time taken",strange:"least familiar first",taste:"your taste, best first"},ht={all:"All",pick:"Picks",reject:"Rejects",none:"Undecided",stars:"With stars",burst:"Bursts",unlike:"Unlike the anchors",broken:"Not scored"};function ut(e,t,n){let o=new Float64Array(e);for(let r=0;r<e;r++){let a=t[r];o[r]=a==null?1/0:n*a}let s=new Uint32Array(e);for(let r=0;r<e;r++)s[r]=r;return s.sort((r,a)=>o[r]<o[a]?-1:o[r]>o[a]?1:r-a)}var Vs=e=>e.toLowerCase().replace(/\d+/g,t=>t.padStart(12,"0"));function Vt(e,t){let n=e.n;if(t==="name"){let o=e.name.map(Vs),s=Uint32Array.from({length:n},(a,i)=>i),r=(a,i)=>o[a]<o[i]?-1:o[a]>o[i]?1:a-i;return s.sort((a,i)=>e.folder[a]-e.folder[i]||r(a,i))}return t==="time"?ut(n,e.taken,1):t==="taste"?ut(n,e.taste,-1):t==="strange"?ut(n,e.familiarity,1):ut(n,e.score,t==="worst"?1:-1)}function Gs(e,t,n){let o=s=>t.of(e.id[s]);return{all:()=>!0,pick:s=>o(s).mark==="pick",reject:s=>o(s).mark==="reject",none:s=>o(s).mark===""&&!V(e,s),stars:s=>o(s).stars>0,burst:s=>e.burstOf(s).length>1,unlike:s=>e.familiarity[s]!==null&&e.familiarity[s]<.05,broken:s=>V(e,s)}[n]}var V=(e,t)=>!!e.error[t]||e.score[t]===null;function Zn(e,t,n,{show:o,low:s,high:r,query:a,fold:i,open:h}){let f=Gs(t,n,o),l=a.trim().toLowerCase(),$=[],g=i&&t.bursts.size>0,p=new Map,m=b=>{let _=t.score[b];return s!==null&&!(_!==null&&_>=s)||r!==null&&!(_!==null&&_<=r)||l&&!(t.name[b]??"").toLowerCase().includes(l)?!1:f(b)};for(let b of e)if(m(b)){if(g){let _=t.burstOf(b);if(_.length>1){let x=t.burst[b];p.has(x)||p.set(x,_.find(m));let y=p.get(x);if(h.has(x)){b===y&&$.push(..._.filter(m));continue}if(b!==y)continue}}$.push(b)}return Uint32Array.from($)}function Jn(e,t,n,o,s){let r=new Set,a=new Set;for(let i of e){if(r.size>=o)break;if(!(V(t,i)||n.of(t.id[i]).mark==="reject")){if(s&&t.burstOf(i).length>1){if(a.has(t.burst[i]))continue;a.add(t.burst[i])}r.add(i)}}return r}function Qn(e,t){let n=1/0,o=-1/0;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(i<n&&(n=i),i>o&&(o=i))}let s=new Uint32Array(t);if(n>o)return{low:0,high:1,counts:s};let r=(o-n)/t||1;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(s[Math.min(t-1,Math.floor((i-n)/r))]+=1)}return{low:n,high:o,counts:s}}var He="";function eo(e){He=e?`run=${encodeURIComponent(e)}`:""}var Zs=12,de=new Map;function Ne(e,t=1600){let n=Fe(e,t),o=de.get(n);if(o&&!o.failed)return de.delete(n),de.set(n,o),o;o=new Image,o.decoding="async",o.alt="",o.draggable=!1,o.src=n,o.ready=o.decode().then(()=>o.done=!0,()=>o.failed=!0),de.set(n,o);for(let[s,r]of de){if(de.size<=Zs)break;r.isConnected||de.delete(s)}return o}var Fe=(e,t=1600)=>`/photo/${e}?side=${t}${He&&`&${He}`}`,to=(e,t=1600)=>!!de.get(Fe(e,t))?.done,Se=e=>`/thumb/${e}${He&&`?${He}`}`;var S=e=>e==null?"–":e.toFixed(2),X=e=>e==null?"–":e.toFixed(4),fe=e=>e==null?"–":e.toFixed(1),Js=new Intl.NumberFormat("en"),A=e=>Js.format(e),z=(e,t)=>`${A(e)} ${t}${e===1?"":"s"}`;function dt(e){let t={one:"st",two:"nd",few:"rd",other:"th"}[Qs.select(e)];return`${A(e)}${t}`}var Qs=new Intl.PluralRules("en",{type:"ordinal"});function no(e){return e>=1?e<60?`${Math.round(e)} s`:e<3600?`${Math.floor(e/60)} min ${Math.round(e%60)} s`:`${Math.floor(e/3600)} h ${Math.round(e%3600/60)} min`:"a moment"}function oo(e){return e==null?"":e<.05?"Unlike all anchors: the score says little, judge yourself.":e<.25?"Not much like the anchors: take the score with care.":"Like the anchors: the score stands on known ground."}var er=new Intl.DateTimeFormat("en",{dateStyle:"medium",timeStyle:"short",timeZone:"UTC"}),so=e=>e==null?"":er.format(new Date(e*1e3)),ce=e=>e?z(e,"star"):"no stars";var me=32,tr=500;function Ce(e,t){try{return JSON.parse(localStorage.getItem(`explorer.${e}`))??t}catch{return t}}function G(e,t){u[e]=t;try{localStorage.setItem(`explorer.${e}`,JSON.stringify(t))}catch{}k()}var d=new We,u={server:null,order:"best",show:"all",low:null,high:null,query:"",open:new Set,current:-1,moved:!1,keep:0,chosen:new Set,large:!1,zoomed:!1,dialog:"",filters:!1,details:!1,problem:"",gone:!1,said:"",view:{name:"cull",id:null},fold:Ce("fold",!0),single:Ce("single",!0),advance:Ce("advance",!1),size:Ce("size",innerWidth>=1900?230:190),theme:Ce("theme","auto"),letters:Ce("letters",!0),tasteKind:Ce("tasteKind","stars")},Ke=()=>u.theme==="auto"?matchMedia("(prefers-color-scheme: dark)").matches:u.theme==="dark",en=new Set,Gt=!1;function k(e){e&&Object.assign(u,e),!Gt&&(Gt=!0,queueMicrotask(()=>{Gt=!1,cr();for(let t of en)t()}))}function ro(e){return en.add(e),()=>en.delete(e)}function O(e){k({said:e===u.said?`${e} `:e})}function oe(e){e.name!=="AbortError"&&(k({problem:e.message,gone:e.gone||u.gone}),e.gone&&hr())}var M=new ct({changed:()=>k(),failed:oe,isBack:()=>!u.gone,undone(e){if(!e.length)return O("Nothing to undo.");let t=d.rows.get(e[0]);t!==void 0&&I().where.has(t)&&Z(t),O(e.length===1&&t!==void 0?`Undone: ${d.file(t)} ${tn(t)}`:`Undone for ${z(e.length,"photograph")}.`)}});function Ee(e){let t=null,n;return(...o)=>((!t||o.some((s,r)=>s!==t[r]))&&(t=o,n=e(...o)),n)}var nr=Ee((e,t)=>Vt(d,t)),ao=Ee(()=>Vt(d,"best")),or=Ee(e=>{let t=new Uint32Array(d.n);return ao(e).forEach((n,o)=>t[n]=o+1),t}),sr=Ee(e=>{let t=new Map;return e.forEach((n,o)=>t.set(n,o)),t}),rr=Ee((e,t,n,o,s,r,a,i)=>Zn(e,d,M,{show:n,low:o,high:s,query:r,fold:a,open:i})),mt=()=>ar(d.version),ar=Ee(()=>Qn(d,me)),ir=Ee((e,t,n,o)=>Jn(ao(e),d,M,n,o)),lr=new Set(["pick","reject","none","stars"]);function I(){let e=nr(d.version,u.order),t=lr.has(u.show)?M.version:-1,n=rr(e,t,u.show,u.low,u.high,u.query,u.fold,u.open),o=u.keep?ir(d.version,M.version,u.keep,u.single):new Set;return{rows:n,where:sr(n),proposed:o}}var gt=e=>or(d.version)[e];function Xe(){let{pick:e,reject:t,stars:n}=M.counts,o=0;for(let s of d.bursts.values())o+=s.length;return{all:d.n,pick:e,reject:t,none:Math.max(0,d.scored-e-t),stars:n,burst:o,unlike:d.unlike,broken:d.broken}}function tn(e){let{mark:t,stars:n}=M.of(d.id[e]),o=[V(d,e)?"not scored":`score ${S(d.score[e])}`];o.push({pick:"pick",reject:"reject","":"undecided"}[t]),n&&o.push(ce(n));let s=d.burstOf(e).length;return s&&o.push(`one of a burst of ${s}`),o.join(", ")}function Z(e){k({current:e,moved:!0}),u.view.name==="one"&&(u.view={name:"one",id:d.id[e]},location.hash=`#one/${d.id[e]}`)}function ge(e){let{rows:t,where:n}=I();if(!t.length)return;let o=n.get(u.current)??ft;Z(t[Math.max(0,Math.min(t.length-1,o+e))])}var ft=0;function cr(){if(!d.n)return;let{rows:e,where:t}=I();if(!u.moved&&e.length&&(u.current=e[0]),e.length&&!t.has(u.current)&&u.view.name==="cull"){let n=u.current<0?void 0:d.burstOf(u.current).find(o=>t.has(o));u.current=n??e[Math.min(e.length-1,ft)]}ft=t.get(u.current)??ft}function $e(e,{next:t=u.advance}={}){let n=u.current;if(n<0)return;let o=d.id[n],s=M.of(o).mark===e?"":e,{rows:r,where:a}=I(),i=r[a.get(n)+1];u.moved=!0,M.set([o],{mark:s}),O(`${{pick:"Picked",reject:"Rejected","":"Mark removed from"}[s]} ${d.file(n)}`),t&&s&&i!==void 0&&Z(i)}function Ye(e){let t=u.current;t<0||(M.set([d.id[t]],{stars:e}),O(`${d.file(t)}: ${ce(e)}`))}function io(){let e=[...I().proposed].map(t=>d.id[t]).filter(t=>M.of(t).mark!=="pick");e.length&&M.set(e,{mark:"pick"}),O(`Picked ${z(e.length,"photograph")}. U takes it back.`),k({keep:0})}function se(e){k(e);let{rows:t}=I();O(`${z(t.length,"photograph")} shown, ${e.order?pt[e.order]:ht[u.show]}.`)}function lo(){let e=u.current;if(e<0||d.burstOf(e).length<2)return O("This photograph is in no burst.");if(!u.fold)return O("Bursts are not folded.");let t=new Set(u.open),n=d.burst[e],o=!t.delete(n);o&&t.add(n),k({open:t}),O(o?`Burst of ${d.burstOf(e).length} unfolded.`:"Burst folded.")}var co=()=>u.show!=="all"||u.low!==null||u.high!==null||u.query!=="";async function ur(){let e=[],t=0;for(let n=d.n;;){let o=await K(`/api/photos?from=${n}`);n+=o.id.length,e.push(o);let s=o.done||!o.id.length;if(s||performance.now()-t>tr){for(let r of e)M.arrive(r,d.append(r));e=[],k(),t=performance.now()}if(s)return}}var Zt=!1;async function uo(){if(!Zt){Zt=!0;try{for(;;){let e=await K("/api/state"),t=u.gone;if(u.server&&e.run!==u.server.run)return await pr(e);if(eo(e.run),Xt(e.run),k({server:e,gone:!1,problem:t?"":u.problem}),document.title=e.title?`${e.title} · quasar-index`:"quasar-index",await ur(),e.done&&e.bursts){d.group((await K("/api/bursts")).burst),k();break}await ze(700)}}catch(e){oe(e)}finally{Zt=!1}}}async function pr(e){let t=M.waitingFor(n=>Jt(d,d.rows.get(n)));if(t.length){let n=new We,o=new Map,s=new Set(t.flatMap(r=>r.names));for(;n.n<e.n_photos&&s.size>o.size;){let r=n.n;n.append(await K(`/api/photos?from=${r}`));for(let a=r;a<n.n;a++)s.has(Jt(n,a))&&o.set(Jt(n,a),n.id[a]);n.n===r&&await ze(300)}Xt(e.run),await M.resend(t,o)}M.queue.length=0,location.reload()}var Jt=(e,t)=>`${e.folder[t]}/${e.name[t]}`,Qt=!1;async function hr(){if(!Qt){for(Qt=!0;u.gone;)await ze(2500),await uo();Qt=!1}}async function po(){uo();try{await M.load()}catch(e){oe(e)}}function ho(){let e=u.server;if(!e||e.done)return null;let t=e.n_done+e.n_failed,n=e.n_photos?t/e.n_photos:0,o=e.rate?` · ${e.rate.toFixed(1)} a second`:"",s=e.seconds_left!==null&&t?` · ${no(e.seconds_left)} left`:"";return{share:n,text:`${A(t)} of ${A(e.n_photos)} scored${o}${s}`}}var fo=100,dr=2e4,v={data:null,by:"",colours:null,chosen:new Uint32Array(0),mode:"lasso",table:!1,staged:new Map,busy:!1,said:"",failed:"",problem:"",known:new Map,set(e){Object.assign(v,e),k()},row(e){return v.known.has(e)||fr(e),v.known.get(e)??null},picture:e=>`/anchor/${e}?version=${v.data.version}`},$t=new Set;function fr(e){v.known.set(e,null),$t.size||setTimeout(mr,30),$t.add(e)}async function mr(){let e=[...$t];$t=new Set;let{version:t}=v.data;for(let n=0;n<e.length;n+=fo){try{let o=await K(`/api/anchors/rows?version=${t}&rows=${e.slice(n,n+fo)}`);if(v.data.version!==t)return;v.known.size>dr&&v.known.clear();for(let s of o.rows)v.known.set(s.row,s)}catch(o){return _t(o)}k()}}function _t(e){e.status===412?v.set({problem:e.message,busy:!1}):e.gone?oe(e):v.set({failed:e.message,busy:!1})}async function bt(e=!1){if(!(v.data&&!e))try{let t=await K("/api/anchors");for(let o of["x","y"])t[o]=Ie(t[o],Float32Array);t.sides=Ie(t.sides,Uint8Array);let n=t.colours.includes(v.by)?v.by:t.colours.includes("rating")?"rating":"side";Object.assign(v,{problem:"",failed:"",busy:!1,colours:null,known:new Map,data:t}),v.staged=new Map,Ve([]),await nn(n)}catch(t){_t(t)}}async function nn(e){v.set({by:e,failed:""});let{version:t}=v.data;try{let n=await K(`/api/anchors/colour?version=${t}&by=${encodeURIComponent(e)}`);if(v.by!==e||v.data.version!==t)return;n.codes?n.codes=Ie(n.codes,Uint8Array):n.values=Ie(n.values,Float32Array),v.set({colours:n})}catch(n){_t(n)}}function Ve(e,t=!1){let n=Uint32Array.from(t?new Set([...v.chosen,...e]):e);v.set({chosen:n,said:""}),n.length&&O(`${z(n.length,"anchor")} chosen.`)}function mo(e){let{codes:t}=v.colours,n=[];for(let o=0;o<t.length;o++)t[o]===e&&n.push(o);Ve(n)}function Ge(e,t=null){for(let n of v.chosen)v.staged.set(n,{do:e,value:t});v.set({staged:new Map(v.staged),said:""}),O(`Staged for ${z(v.chosen.length,"anchor")}; nothing is written yet.`)}function go(){v.set({staged:new Map})}async function $o(e,t){v.set({busy:!0,failed:""});try{let n=await le(e,{version:v.data.version,...t});await bt(!0),v.set({said:`${n.said}: this is version ${n.version} now.`}),O(v.said)}catch(n){_t(n)}}function _o(){let e=t=>[...v.staged].filter(([,n])=>n.do===t);return $o("/api/anchors/write",{remove:e("remove").map(([t])=>t),ratings:e("rating").map(([t,{value:n}])=>[t,n]),sides:e("side").map(([t,{value:n}])=>[t,n])})}var bo=e=>$o("/api/anchors/restore",{to:e});var ko=function(e,t,n,o){var s;t[0]=0;for(var r=1;r<t.length;r++){var a=t[r++],i=t[r]?(t[0]|=a?1:2,n[t[r++]]):t[++r];a===3?o[0]=i:a===4?o[1]=Object.assign(o[1]||{},i):a===5?(o[1]=o[1]||{})[t[++r]]=i:a===6?o[1][t[++r]]+=i+"":a?(s=e.apply(i,ko(e,i,n,["",null])),o.push(s),i[0]?t[0]|=2:(t[r-2]=0,t[r]=s)):o.push(i)}return o},yo=new Map;function wo(e){var t=yo.get(this);return t||(t=new Map,yo.set(this,t)),(t=ko(this,t.get(e)||(t.set(e,t=(function(n){for(var o,s,r=1,a="",i="",h=[0],f=function(g){r===1&&(g||(a=a.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?h.push(0,g,a):r===3&&(g||a)?(h.push(3,g,a),r=2):r===2&&a==="..."&&g?h.push(4,g,0):r===2&&a&&!g?h.push(5,0,!0,a):r>=5&&((a||!g&&r===5)&&(h.push(r,0,a,s),r=6),g&&(h.push(r,g,0,s),r=6)),a=""},l=0;l<n.length;l++){l&&(r===1&&f(),f(l));for(var $=0;$<n[l].length;$++)o=n[l][$],r===1?o==="<"?(f(),h=[h],r=3):a+=o:r===4?a==="--"&&o===">"?(r=1,a=""):a=o+a[0]:i?o===i?i="":a+=o:o==='"'||o==="'"?i=o:o===">"?(f(),r=1):r&&(o==="="?(r=5,s=a,a=""):o==="/"&&(r<5||n[l][$+1]===">")?(f(),r===3&&(h=h[0]),r=h,(h=h[0]).push(2,0,r),r=0):o===" "||o==="	"||o===`
`||o==="\r"?(f(),r=2):a+=o),r===3&&a==="!--"&&(r=4,h=h[0])}return f(),h})(e)),t),arguments,[])).length>1?t:t[0]}var L,Mo,gr,_e,on,vt,So,kt,Co,rn,sn,$r,Je=Symbol.for("pv"),xt={},Mt=[],_r=/^m(i|n|o|s|text|space)$/,an=Array.isArray,ln=Mt.slice,Ae=Object.assign;function Te(e){e&&e.parentNode&&e.remove()}function Eo(e,t,n){var o,s,r,a={},i=arguments.length;for(r in t)r=="key"?o=t[r]:r=="ref"&&typeof e!="function"?s=t[r]:a[r]=t[r];return i>2&&(a.children=i>3?ln.call(arguments,2):n),Ze(e,a,o,s,null)}function Ze(e,t,n,o,s){var r={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Je,__v:s||++Mo,__i:-1,__u:0};return!s&&L.vnode&&L.vnode(r),r}function St(e){return e.children}function Le(e,t){this.props=e,this.context=t,this.__g=0}function be(e,t){if(t==null)return e.__&&be(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:be(e)}function br(e){var t,n=e.__v,o=n.__e,s=[],r=[],a=e.__P;a&&((t=Ae({constructor:Je},n)).__v=n.__v+1,L.vnode&&L.vnode(t),cn(a,t,n,e.__n,a.namespaceURI,32&n.__u?[o]:null,s,o||be(n),32&n.__u,r),t.__v=n.__v,t.__.__k[t.__i]=t,No(s,t,r),n.__=n.__e=null,t.__e!=o&&To(t))}function To(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),To(e)}function vo(e){(8&e.__g||(e.__g|=8,_e.push(e),vt++))&&on==L.debounceRendering||((on=L.debounceRendering)||queueMicrotask)(Ao)}function Ao(){try{for(var e,t=1;_e.length;)_e.length>t&&_e.sort(So),e=_e.shift(),t=_e.length,8&e.__g&&br(e)}finally{(vt=_e.length)&&(on||queueMicrotask)(Ao)}}function Po(e,t,n,o,s,r,a,i,h,f,l){var $,g,p,m,b,_,x=o.__k||Mt,y=t.length;for(h=yr(n,t,x,h,y),$=0;$<y;$++)(p=n.__k[$])!=null&&(g=~p.__i&&x[p.__i]||xt,p.__i=$,_=cn(e,p,g,s,r,a,i,h,f,l),m=p.__e,(g.ref!=p.ref||8&g.__u)&&(g.ref&&un(g.ref,null,p,g),p.ref&&l.push(p.ref,p.__c||m,p)),b=b||m,4&p.__u?(h=Oo(p,h,e,!g.__v),g.__e&&(g.__e=null)):typeof p.type=="function"&&_!==void 0?h=_:m&&(h=m.nextSibling),p.__u&=-21);return n.__e=b,h}function yr(e,t,n,o,s){var r,a,i,h,f,l,$,g,p,m=n.length,b=m,_=0,x=0,y=e.__k=Array(s);for(r=0;r<s;r++)(a=t[r])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=y[r]=Ze(null,a):an(a)?a=y[r]=Ze(St,{children:a}):a.constructor===Je&&a.__b?a=y[r]=Ze(a.type,a.props,a.key,a.ref,a.__v):y[r]=a,h=r+_,a.__=e,a.__b=e.__b+1,i=null,~(f=a.__i=kr(a,n,h,b))&&(b--,(i=n[f])&&(i.__u|=2)),i&&i.__v?(a.__u|=16,f==h-1?_--:f==h+1?_++:f!=h&&(f>h?_--:_++,x=1)):(~f||(s>m?_--:s<m&&_++),typeof a.type!="function"&&(a.__u|=4))):y[r]=null;if(x){for(l=[],$=[],r=0;r<s;r++)if((a=y[r])&&16&a.__u){for(_=0,g=l.length;_<g;)l[p=_+g>>1]<a.__i?_=p+1:g=p;l[_]=a.__i,$[r]=_+1}for(_=l.length;r--;)$[r]&&($[r]==_?_--:y[r].__u|=4)}if(b)for(r=0;r<m;r++)!(i=n[r])||2&i.__u||(i.__e==o&&(o=be(i)),pn(i,i));return o}function Oo(e,t,n,o){var s,r,a,i;if(typeof e.type=="function"){if(e.props.__P)return t;if(s=e.__k)for(r=0;r<s.length;r++)s[r]&&(s[r].__=e,t=Oo(s[r],t,n,!1));return t}for(t&&!t.parentNode&&(t=be(e))&&!t.parentNode&&(t=null),a=e.__e,i=t;i&&i.nodeType==8;)i=i.nextSibling;for(a!=i&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,t):n.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function kr(e,t,n,o){var s,r=e.key,a=e.type,i=t[n],h=i&&!(2&i.__u);if(i===null&&r==null||h&&r==i.key&&a==i.type)return n;if(o>(h?1:0)){for(s=n-1;s>=0;s--)if((i=t[s])&&!(2&i.__u)&&r==i.key&&a==i.type)return s;for(s=n+1;s<t.length;s++)if((i=t[s])&&!(2&i.__u)&&r==i.key&&a==i.type)return s}return-1}function xo(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function yt(e,t,n,o,s){var r,a;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||xo(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||xo(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(a=sn[t]||(sn[t]=wr(t)),(e.__a||(e.__a={}))[t]=rn,r=t!=(t=t.replace(Co,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,a,r):e.removeEventListener(t,a,r));else{if(s=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function wr(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[kt]==null)t[kt]=rn++;else if(t[kt]<this.__a[e])return;return n(L.event?L.event(t):t)}}}function cn(e,t,n,o,s,r,a,i,h,f){var l,$,g,p,m,b,_,x,y,T,P,E,B,q,Y,C,U,te,Q=t.type;if(t.constructor!==Je)return null;128&n.__u&&(h=32&n.__u,l=n.__c.__z)&&(t.__u|=h,$=r=[],l.nodeType==8?i=wt(l,r):r.push(l),i=r[0]||i),(l=L.__b)&&l(t);e:if(typeof Q=="function"){g=a.length;try{if(x=t.props,y=(l=Q.prototype)&&l.render,T=(l=Q.contextType)&&o[l.__c],P=l?T?T.props.value:l.__:o,(p=n.__c)?(t.__c=p,2&p.__g&&(p.__g|=1)):(y?t.__c=p=new Q(x,P):(t.__c=p=new Le(x,P),p.constructor=Q,p.render=xr),T&&T.sub(p),p.state||(p.state={}),p.__n=o,p.__g|=8,p.__h=[],p.__k=[]),y&&(p.__s||(p.__s=p.state),Q.getDerivedStateFromProps&&(p.__s==p.state&&(p.__s=Ae({},p.__s)),Ae(p.__s,Q.getDerivedStateFromProps(x,p.__s)))),m=p.props,b=p.state,p.__v=t,n.__c){if(x!==m&&y&&!Q.getDerivedStateFromProps&&p.componentWillReceiveProps&&p.componentWillReceiveProps(x,P),t.__v==n.__v&&!(8&p.__g)||!(4&p.__g)&&p.shouldComponentUpdate&&p.shouldComponentUpdate(x,p.__s,P)===!1){t.__v!=n.__v&&(p.props=x,p.state=p.__s,p.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(ne){ne&&(ne.__=t)}),Mt.push.apply(p.__h,p.__k),p.__k=[],p.__h.length&&a.push(p),i=be(n);break e}p.componentWillUpdate&&p.componentWillUpdate(x,p.__s,P),y&&p.componentDidUpdate&&p.__h.push(function(){p.componentDidUpdate(m,b,_)})}else y&&!Q.getDerivedStateFromProps&&p.componentWillMount&&p.componentWillMount(),y&&p.componentDidMount&&p.__h.push(p.componentDidMount);p.context=P,p.props=x,p.__P=e,p.__g&=-5,E=L.__r,B=y?25:0;do p.__g&=-9,E&&E(t),l=p.render(p.props,p.state=p.__s,p.context);while(8&p.__g&&++B<25);y&&(Mt.push.apply(p.__h,p.__k),p.__k=[]),p.state=p.__s,p.getChildContext&&(o=Ae({},o,p.getChildContext())),y&&n.__c&&p.getSnapshotBeforeUpdate&&(_=p.getSnapshotBeforeUpdate(m,b)),q=l&&l.type===St&&l.key==null?l.props.children:l,x.__P&&(l=i,s=(e=x.__P).namespaceURI,h=r=null,n.props&&n.props.__P!=e&&(n.__k.some(function(ne){ne&&pn(ne,ne)}),n.__k=null),i=n.__k?be(n,0):null),i=Po(e,an(q)?q:[q],t,n,o,s,r,a,i,h,f),x.__P&&(t.__e=null,i=l),t.__u&=-161,$&&$.some(Te),p.__h.length&&a.push(p),1&p.__g&&(p.__g&=-4)}catch(ne){if(a.length=g,t.__v=null,h||r)if(ne&&ne.then){if(t.__u|=128|h,r){for(~(U=r.indexOf(i||void 0))||(U=r.length);(te=r[U-1])&&te.nodeType==8;)U--;for(;U<r.length;U++)if(te=r[U])if(r[U]=null,Y){if(te==C)break}else{if(te.nodeType!=8)break;te.data.startsWith("$s")&&(C=wt(Y=te))}}if(!Y){for(;i&&i.nodeType==8&&i.nextSibling;)i=i.nextSibling;Y=i}(l=wt(Y=t.__c.__z||(t.__c.__z=Y)))?(t.__e=Y,i=l):t.__e=i,i=i&&i.nextSibling}else r&&r.some(Te);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),ne&&ne.then||zo(t),L.__e(ne,t,n)}}else i=t.__e=vr(n.__e,t,n,o,s,r,a,h,f,e);return(l=L.diffed)&&l(t),i}function wt(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function zo(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(zo))}function No(e,t,n){for(var o=0;o<n.length;)un(n[o++],n[o++],n[o++]);L.__c&&L.__c(t,e),e.some(function(s){try{e=s.__h,s.__h=[],e.some(function(r){r.call(s)})}catch(r){L.__e(r,s.__v)}})}function vr(e,t,n,o,s,r,a,i,h,f){var l,$,g,p,m,b,_,x,y=n.props||xt,T=t.props,P=t.type;if(P=="svg"?s="http://www.w3.org/2000/svg":P=="math"?s="http://www.w3.org/1998/Math/MathML":s||(s="http://www.w3.org/1999/xhtml"),r){for(l=0;l<r.length;l++)if((m=r[l])&&(P?m.localName==P:m.nodeType==3)){e=m,r[l]=null;break}}if(!e){if(x=f.ownerDocument||document,!P)return x.createTextNode(T);e=x.createElementNS(s,P,T.is?T:f),i&&(L.__m&&L.__m(t,r),i=!1),r=null}if(P){if(f=P=="template"&&e.content||e,r=P=="textarea"&&T.defaultValue!=null?null:r&&ln.call(f.childNodes),!i&&r)for(y={},l=0;l<e.attributes.length;l++)y[(m=e.attributes[l]).name]=m.value;for(l in y)m=y[l],l=="dangerouslySetInnerHTML"?g=m:l=="children"||l in T||l=="value"&&"defaultValue"in T||l=="checked"&&"defaultChecked"in T||yt(e,l,null,m,s);for(l in T)m=T[l],l=="children"?p=m:l=="dangerouslySetInnerHTML"?$=m:l=="value"?b=m:l=="checked"?_=m:i&&typeof m!="function"||y[l]===m||yt(e,l,m,y[l],s);$?(i||g&&($.__html==g.__html||$.__html==e.innerHTML)||(e.innerHTML=$.__html),t.__k=[]):(g&&(e.textContent=""),(P=="foreignObject"||s=="http://www.w3.org/1998/Math/MathML"&&_r.test(P))&&(s="http://www.w3.org/1999/xhtml"),Po(f,an(p)?p:[p],t,n,o,s,r,a,r?r[0]:n.__k&&be(n,0),i,h),r&&r.some(Te)),i&&P!="textarea"||(l="value",P=="progress"&&b==null?e.removeAttribute(l):b==null||b===e[l]&&(P!="progress"||b)||yt(e,l,b,y[l],s),l="checked",_!=null&&_!=e[l]&&yt(e,l,_,y[l],s))}else y===T||i&&e.data==T||(e.data=T);return e}function un(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(s){L.__e(s,n)}}function pn(e,t,n){var o,s,r,a;if(L.unmount&&L.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||un(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(i){L.__e(i,t)}o.__P=o.__n=null}if(o=e.__k)for(a=0;a<o.length;a++)o[a]&&pn(o[a],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(s=wt(o,r=[]))&&(o==e.__e&&r.some(Te),Te(s),Te(o)),n||Te(e.__e),e.__e=e.__c=e.__=null}function xr(e,t,n){return this.constructor(e,n)}function hn(e,t){var n,o,s,r;L.__&&L.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=Ze(St,{children:[e]}),s=[],r=[],cn(t,t.__k,o||xt,xt,t.namespaceURI,o?null:t.firstChild?ln.call(t.childNodes):null,s,o?o.__e:t.firstChild,n,r),No(s,t.__k,r),t.__k.props.children=null}L={__e:function(e,t,n,o){for(var s,r,a;t=t.__;)if((s=t.__c)&&!(1&s.__g)){s.__g|=4;try{if((a=(r=s.constructor)&&r.getDerivedStateFromError)&&s.setState(r.getDerivedStateFromError(e)),s.componentDidCatch&&(s.componentDidCatch(e,o||{}),a=1),a&&8&s.__g)return void(s.__g|=2)}catch(i){e=i}}throw vt=0,e}},Mo=0,gr=function(e){return e!=null&&e.constructor===Je},Le.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=Ae({},this.state)),typeof e=="function"&&(e=e(Ae({},n),this.props)),e&&(Ae(n,e),this.__v&&(t&&this.__k.push(t),vo(this)))},Le.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),vo(this))},Le.prototype.render=St,_e=[],vt=0,So=function(e,t){return e.__v.__b-t.__v.__b},kt=Symbol(),Co=/(PointerCapture)$|Capture$/i,rn=0,sn={},$r=0;var Re,H,dn,Lo,fn=Object.is,Ct=0,Ho=[],mn=[],W=L,Ro=W.__b,jo=W.__r,Uo=W.diffed,Bo=W.__c,Do=W.unmount,Io=W.__;function Et(e,t){W.__h&&W.__h(H,e,Ct||t),Ct=0;var n=H.__H||(H.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function R(e){return Ct=1,ye(Fo,e)}function ye(e,t,n){var o=Et(Re++,2);if(o.t=e,!o.__c&&(o.__=[n?n(t):Fo(void 0,t),function(r){var a=(o.__N||o.__)[0],i=o.t(a,r);fn(a,i)||(o.__N=[i,o.__[1]],o.__c.setState({}))}],o.__c=H,!H.__f)){H.__f=!0;var s=H.shouldComponentUpdate;H.shouldComponentUpdate=function(r,a,i){var h=this.__H;if(!h)return!0;var f=!1,l=this.props!=r;if(h.__.some(function(g){g.__N&&(f=!0,fn(g.__[0],g.__N[0])||(l=!0))}),s){var $=s.call(this,r,a,i);return f?$||l:$}return!f||l}}return o.__}function j(e,t){var n=Et(Re++,3);!W.__s&&$n(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,H.__H.__h.push(n))}function F(e,t){var n=Et(Re++,4);!W.__s&&$n(n.__H,t)&&(n.__P=!1,n.__=e,n.u=t,H.__h.push(n))}function N(e){return Ct=5,Tt(function(){return{current:e}},[])}function Tt(e,t){var n=Et(Re++,7);return $n(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function Mr(){var e;do{for(;e=mn.shift();)try{Qe(e)}catch(n){W.__e(n,{__:(e=e.__P)&&e.__v})}for(;e=Ho.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(Qe),t.__h.some(gn),t.__h=[]}catch(n){t.__h=[],W.__e(n,e.__v)}}}while(mn.length)}W.__b=function(e){H=null,Ro&&Ro(e)},W.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),Io&&Io(e,t)},W.__r=function(e){jo&&jo(e),Re=0;var t=(H=e.__c).__H;t&&(dn==H?H.__h=[]:(t.__h.some(Qe),t.__h.some(gn),Re=0),t.__h=[],t.__.some(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})),dn=H},W.diffed=function(e){Uo&&Uo(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&qo(Ho.push(t)),t.__H.__.some(function(n){n.u&&(n.__H=n.u)})),dn=H=null},W.__c=function(e,t){t.some(function(n){try{n.__h.some(Qe),n.__h=n.__h.filter(function(o){return!o.__||gn(o)})}catch(o){n.__h=[function(){throw o}]}}),Bo&&Bo(e,t)},W.unmount=function(e){Do&&Do(e);var t,n,o=e.__c;o&&o.__H&&(o.__H.__.some(function(s){try{if(s.__P&&s.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n=n&&n.__c}s.__P=n,qo(mn.push(s))}else Qe(s)}catch(r){t=r}}),o.__H=void 0,t&&W.__e(t,o.__v))};var Wo=typeof requestAnimationFrame=="function";function Sr(e){var t,n=function(){clearTimeout(o),Wo&&cancelAnimationFrame(t),setTimeout(e)},o=setTimeout(n,35);Wo&&(t=requestAnimationFrame(n))}function qo(e){e!=1&&Lo==W.requestAnimationFrame||((Lo=W.requestAnimationFrame)||Sr)(Mr)}function Qe(e){var t=H,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),H=t}function gn(e){var t=H;e.__c=e.__(),H=t}function $n(e,t){return!e||e.length!=t.length||t.some(function(n,o){return!fn(n,e[o])})}function Fo(e,t){return typeof t=="function"?t(e):t}var c=wo.bind(Eo);function Ko(e){return class extends Le{shouldComponentUpdate(t){let n=this.props;for(let o in t)if(t[o]!==n[o])return!0;return!1}render(t){return e(t)}}}function Xo({data:e}){let[t,n]=R(""),{chosen:o,staged:s,busy:r,said:a,failed:i}=v,h=p=>[...s.values()].filter(m=>m.do===p).length,f=[h("rating")&&`${A(h("rating"))} rated`,h("side")&&`${A(h("side"))} to another side`,h("remove")&&`${A(h("remove"))} removed`].filter(Boolean),l=c`${a&&c`<p role="status" id="written">${a}</p>`}
  ${i&&c`<p class="warn" role="alert">${i}</p>`}`;if(e.read_only)return c`<section aria-label="Changes">
      <h2>Changes</h2>
      <p class="dim" id="read-only">This index cannot be changed: ${e.read_only}.</p>
      ${l}
    </section>`;let $=!o.length||r;return c`<section class="changes" aria-labelledby="h-changes">
    <h2 id="h-changes">Change the chosen</h2>
    <form class="line" onSubmit=${p=>{p.preventDefault(),t!==""&&Number.isFinite(Number(t))&&Ge("rating",Number(t))}}>
      <input
        id="new-rating"
        type="number"
        step="any"
        aria-label=${`New rating${e.scale?`, ${e.scale}`:""}`}
        placeholder="rating"
        title=${e.scale}
        value=${t}
        onInput=${p=>n(p.target.value)}
      />
      <button type="submit" disabled=${$||t===""}>Rate</button>
      <button type="button" disabled=${$} onClick=${()=>Ge("side","good")}>Good</button>
      <button type="button" disabled=${$} onClick=${()=>Ge("side","bad")}>Bad</button>
      <button type="button" id="remove" disabled=${$} onClick=${()=>Ge("remove")}>Remove</button>
    </form>
    <p class="line">
      <span>${f.length?`Staged: ${f.join(", ")}`:"Nothing is staged."}</span>
      ${s.size>0&&c`<button type="button" disabled=${r} onClick=${go}>Discard</button>`}
    </p>
    <button type="button" class="main wide" id="write" disabled=${r||!s.size} onClick=${_o}>
      ${r?"Writing…":s.size?`Write ${z(s.size,"change")} as version ${e.version+1}`:"Write"}
    </button>
    ${l}
    ${e.version!==e.scores_version&&c`<p class="dim">
        The photographs are scored by version ${e.scores_version}; run the command again for this one.
      </p>`}
  </section>`}function Yo({data:e}){if(!e.history.length)return null;let t=!e.read_only&&!v.busy;return c`<section class="versions" aria-labelledby="h-versions">
    <h2 id="h-versions">Versions</h2>
    <ol>
      ${e.history.map(n=>c`<li key=${n.version} aria-current=${n.current?"true":void 0}>
            <b>${n.version}</b>
            <span>${n.action}<span class="dim">${Cr(n)}</span></span>
            ${n.current?c`<span class="tag">now</span>`:c`<${Er} one=${n} disabled=${!t||n.forgotten} />`}
          </li>`)}
    </ol>
  </section>`}var Cr=({time:e,n_good:t,n_bad:n,tags:o})=>[` ${e.slice(0,16).replace("T"," ")}`,`${A(t)} good, ${A(n)} bad`,...o].join(" · ");function Er({one:e,disabled:t}){let n=`Restore version ${e.version}`;return c`<button type="button" disabled=${t} aria-label=${n} onClick=${()=>bo(e.version)}>
    Restore
  </button>`}var Tr=30,At=104,Ar=e=>e&&{remove:"remove",rating:`→ ${e.value}`,side:`→ ${e.value}`}[e.do];function Vo({data:e}){let t=N(null),n=N({top:0,width:340,height:300}),[,o]=ye(g=>g+1,0),{chosen:s,table:r}=v,a=r?1:Math.max(1,Math.floor(n.current.width/At)),i=r?Tr:At+18,h=Math.ceil(s.length/a),f=Math.max(0,Math.floor(n.current.top/i)-1),l=Math.min(h,f+Math.ceil(n.current.height/i)+3);F(()=>{let g=new ResizeObserver(()=>{Object.assign(n.current,{width:t.current.clientWidth,height:t.current.clientHeight}),o()});return g.observe(t.current),()=>g.disconnect()},[]),F(()=>{t.current.scrollTop=n.current.top=0},[s,r]);let $=[...s.slice(f*a,l*a)];return c`<section class="chosen" aria-labelledby="h-chosen">
    <div class="line">
      <h2 id="h-chosen">${s.length?`${z(s.length,"anchor")} chosen`:"None chosen"}</h2>
      <button
        type="button"
        aria-pressed=${r?"true":"false"}
        disabled=${!s.length}
        onClick=${()=>v.set({table:!r})}
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
      onScroll=${()=>{n.current.top=t.current.scrollTop,o()}}
    >
      <div class="sheet" role="presentation" style=${{height:`${h*i}px`}}>
        ${$.map((g,p)=>{let m=f*a+p,b={transform:`translate(${m%a*At}px, ${Math.floor(m/a)*i}px)`,width:r?"100%":`${At-6}px`,height:`${i-2}px`};return c`<${Pr}
            key=${g}
            row=${g}
            side=${e.sides[g]?"bad":"good"}
            table=${r}
            style=${b}
          />`})}
      </div>
    </div>
  </section>`}function Pr({row:e,side:t,table:n,style:o}){let s=v.row(e),r=Ar(v.staged.get(e)),a=s&&s.rating!==null?S(s.rating):"–",i=s?.name??"…";return c`<div
    class=${`anchor ${t} ${r?"staged":""}`}
    role="listitem"
    data-row=${e}
    style=${o}
    title=${s?.path}
  >
    ${n?c`<span class="file">${i}</span><span>${t}</span><span>${a}</span
            ><span class="dim">${s?.dataset}</span>`:c`${s?.picture?c`<img src=${v.picture(e)} alt=${i} loading="lazy" />`:c`<span class="blank">${i}</span>`}
            <span class="line"><span>${t}</span><b>${a}</b></span>`}
    ${r&&c`<span class="tag warn">${r}</span>`}
  </div>`}var re={scatter:null};function Go(){j(()=>{bt(),document.getElementById("content").focus({preventScroll:!0})},[]);let{data:e,problem:t}=v;return c`<main class="anchor-view" id="content" tabindex="-1" aria-label="Anchors">
    ${t&&c`<p class="problem" role="alert">${t} <button type="button" onClick=${()=>bt(!0)}>Load that version</button></p>`}
    ${!e&&!t&&c`<p class="empty" role="status">The anchors are being read…</p>`}
    ${e&&c`<section class="map" aria-label="Map">
          <${Or} data=${e} /><${Nr} key=${e.version} data=${e} />
        </section>
        <aside class="panel side" aria-label="Chosen anchors">
          <${Vo} data=${e} /><${Xo} data=${e} /><${Yo} data=${e} />
        </aside>`}
  </main>`}function Or({data:e}){let{colours:t,mode:n}=v,o=t?.kind==="groups"?t.groups:[];return c`<div class="tools">
    <label class="line"
      ><span>colour</span
      ><select id="colour" onChange=${s=>nn(s.target.value)}>
        ${e.colours.map(s=>c`<option key=${s} value=${s} selected=${v.by===s}>${s}</option>`)}
      </select></label
    >
    <button
      type="button"
      id="lasso"
      aria-pressed=${n==="lasso"?"true":"false"}
      title="Lasso or move (L); Shift does the other"
      onClick=${()=>_n()}
    >
      Lasso
    </button>
    <button type="button" title="Show all (Home)" onClick=${()=>re.scatter?.fit(!0)}>Show all</button>
    ${t?.kind==="scale"&&c`<p class="legend">
        <span>${S(t.low)}</span><i class="ramp" ref=${zr}></i><span>${S(t.high)}</span>
        <span class="dim">${t.title}</span>
      </p>`}
    ${o.length>0&&c`<p class="legend">
        ${o.map(([s,r,a],i)=>c`<button
              key=${s}
              type="button"
              class="chip"
              title=${`Choose ${s}`}
              onClick=${()=>mo(i)}
            >
              <i style=${{background:r}}></i>${s} <span class="dim">${A(a)}</span>
            </button>`)}
      </p>`}
    ${v.failed&&c`<p class="warn" role="alert">${v.failed}</p>`}
  </div>`}function zr(e){let t=Array.from({length:11},(n,o)=>`rgb(${Kt(o/10).join(" ")})`);e&&(e.style.background=`linear-gradient(to right, ${t.join(", ")})`)}function _n(){v.set({mode:v.mode==="lasso"?"move":"lasso"})}function Nr({data:e}){let t=N(null),n=N(null),[o,s]=R(null);F(()=>{let h=new lt(t.current,n.current,{x:e.x,y:e.y,dark:Ke(),on:{hover:(f,l)=>s(f<0?null:{row:f,x:l.clientX,y:l.clientY}),click:(f,l)=>Ve(f<0?[]:[f],l.ctrlKey||l.metaKey),lasso:(f,l)=>Ve(f,l.ctrlKey||l.metaKey)}});return re.scatter=h,()=>{re.scatter=null,h.close()}},[]);let{colours:r,chosen:a,mode:i}=v;return F(()=>{re.scatter.dark=Ke(),re.scatter.mode=i,n.current.style.cursor=i==="lasso"?"crosshair":"grab"}),F(()=>{r&&(re.scatter.paint(Fn(r,e.n),Kn(r.codes??e.sides)),n.current.dataset.painted=r.title)},[r]),F(()=>{let h=a.length?new Uint8Array(e.n).fill(1):null;for(let f of a)h[f]=0;re.scatter.rings=a.length<=500?a:new Uint32Array(0),re.scatter.dim(h)},[a]),c`<div class="plot">
    <canvas ref=${t} aria-hidden="true"></canvas>
    <canvas
      ref=${n}
      id="map"
      role="img"
      aria-label=${`Map of ${z(e.n,"anchor")}: ${e.axes.join(" across, ")} up. The names above choose anchors without a mouse.`}
    ></canvas>
    ${o&&c`<${Lr} ...${o} data=${e} />`}
    <p class="axes dim" aria-hidden="true">→ ${e.axes[0]} · ↑ ${e.axes[1]}</p>
  </div>`}function Lr({row:e,x:t,y:n,data:o}){let s=v.row(e),r=o.sides[e]?"bad":"good",a={left:`${Math.max(4,t+210>innerWidth?t-206:t+14)}px`,top:`${Math.max(4,n+210>innerHeight?n-200:n+14)}px`};return c`<div class="card" style=${a} role="status">
    ${s?.picture&&c`<img src=${v.picture(e)} alt="" />`}
    <p class="file">${s?.name??`anchor ${e}`}</p>
    <p class="dim">${r}${s&&s.rating!==null?` · rating ${S(s.rating)}`:""}</p>
  </div>`}var bn=4,Rr=40,Zo=1.3,Jo=.15,D={zoom:1,x:.5,y:.5},et=()=>(u.view.ids??[]).map(e=>d.rows.get(e)).filter(e=>e!==void 0);function Ot(e){let t=e.querySelector("img"),n=t?.naturalWidth?t.naturalWidth/t.naturalHeight:1.5,o=Math.min(e.clientWidth,e.clientHeight*n);return{width:o,height:o/n}}function tt(){for(let e of document.querySelectorAll(".lens")){let{width:t,height:n}=Ot(e),o=(.5-D.x)*t*D.zoom,s=(.5-D.y)*n*D.zoom;e.style.transform=`translate(${o}px, ${s}px) scale(${D.zoom})`}}function Pt(e,t,n){let o=Math.max(0,.5-.5/e),s=a=>Math.max(.5-o,Math.min(.5+o,a)),r=e>1!=D.zoom>1;Object.assign(D,{zoom:e,x:s(t),y:s(n)}),tt(),r&&k()}function nt(e,t=document.querySelector(".lens"),n=0,o=0){if(!t)return;let{width:s,height:r}=Ot(t),a=Math.max(1,Math.min(Rr,D.zoom*e)),i=1/D.zoom-1/a;Pt(a,D.x+n/s*i,D.y+o/r*i)}function yn(e,t,n){let{width:o,height:s}=Ot(e);Pt(D.zoom,D.x-t/(o*D.zoom),D.y-n/(s*D.zoom))}function zt(){let e=document.querySelector(".pane[aria-current] .lens");if(!e)return;let t=u.current,n=Math.max(d.width[t]??0,d.height[t]??0)||1600,{width:o,height:s}=Ot(e),r=n/Math.max(o,s)/devicePixelRatio;D.zoom>1?Pt(1,.5,.5):Pt(Math.max(1.01,r),D.x,D.y)}var ts=e=>`#compare/${e.join(",")}`;function kn(){let{rows:e,where:t}=I(),n=[...u.chosen].map(s=>d.rows.get(s)),o=u.current;if(n.length===1&&!u.chosen.has(d.id[o])&&n.push(o),n.length<2&&o>=0){let s=d.burstOf(o).filter(i=>i!==o),r=t.get(o)??0,a=[e[r+1]??e[r-1]].filter(i=>i!==void 0&&i!==o);n=[o,...s.length?s:a].slice(0,bn)}if(n.length<2)return O("There is nothing to compare it with.");Object.assign(D,{zoom:1,x:.5,y:.5}),k({large:!1,current:n.includes(o)?o:n[0],moved:!0}),location.hash=ts(n.map(s=>d.id[s]))}function wn(e=u.current){if(e<0)return;let t=d.id[e],n=new Set(u.chosen);if(!n.delete(t)){if(n.size>=bn)return O(`At most ${bn} photographs are compared.`);n.add(t)}k({chosen:n}),O(`${d.file(e)} ${n.has(t)?"chosen":"not chosen"}: ${n.size} to compare.`)}function Nt(e){let t=et(),n=t.indexOf(u.current),{rows:o,where:s}=I(),r=(s.get(u.current)??-1)+e;for(;o[r]!==void 0&&t.includes(o[r]);)r+=e;let a=o[r];if(n<0||a===void 0)return O("There is no further candidate.");ns(t.map((i,h)=>h===n?a:i),a),O(`Now ${d.file(a)}`)}function vn(){let e=et();if(e.length<=2)return O("Two are the fewest to compare.");let t=e.indexOf(u.current),n=e.filter(o=>o!==u.current);ns(n,n[Math.min(t,n.length-1)])}function ns(e,t){let n=e.map(o=>d.id[o]);k({current:t,moved:!0,view:{name:"compare",id:null,ids:n}}),history.replaceState(null,"",ts(n))}function jr(e){let t=et();t.length&&Z(t[(t.indexOf(u.current)+e+t.length)%t.length])}var ue=e=>(t,n)=>u.view.name==="compare"?e(t,n):!1,Qo=e=>()=>u.view.name==="cull"?e():!1,Ur={ArrowLeft:[1,0],ArrowRight:[-1,0],ArrowUp:[0,1],ArrowDown:[0,-1]};function es(e,t){let[n,o]=Ur[e],s=document.querySelector(".lens");t&&s?yn(s,n*Jo*s.clientWidth,o*Jo*s.clientHeight):n?jr(-n):Nt(-o)}var xn=[{keys:["c"],label:["C"],text:"compare those chosen; else the burst, or the next (Cull)",run:Qo(kn)},{keys:["s"],label:["S"],text:"choose to compare, at most 4 (Cull; Ctrl+click)",run:Qo(()=>wn())},{keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the one beside",run:ue(es)},{keys:["ArrowUp","ArrowDown"],label:["↑","↓"],text:"another candidate in its place",run:ue(es)},{keys:[],label:["Shift+←"],text:"move what is seen, with any arrow",run:()=>!1},{keys:["+","=","-"],label:["+","−"],text:"zoom all",run:ue(e=>nt(e==="-"?1/Zo:Zo))},{keys:["z"],label:["Z"],text:"every pixel; again: whole",run:ue(zt)},{keys:["p"],label:["P"],text:"pick this one",run:ue(()=>$e("pick",{next:!1}))},{keys:["x"],label:["X"],text:"reject this one",run:ue(()=>$e("reject",{next:!1}))},{keys:["u"],label:["U"],text:"undo",run:ue(()=>M.undo())},{keys:["Delete","Backspace"],label:["Del"],text:"leave this one out",run:ue(vn)},{keys:["c"],label:["C"],text:"back to Cull",run:ue(()=>location.hash="#cull")}].map(e=>({group:"Compare",...e}));var J=(e,t=!1)=>n=>c`<svg
      class=${t?"icon fill":"icon"}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
      ...${n}
    >
      <path d=${e} />
    </svg>`,je=J("M3 8.5 6.5 12 13 4.5"),ae=J("M4 4l8 8M12 4l-8 8"),Lt=J("M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z",!0),os=J("M3 5.5h8v7H3zM5.5 5.5v-2.5h7.5v7h-2"),ss=J("M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10M8 12.5v.5"),Rt=J("M10 3 5 8l5 5"),jt=J("M6 3l5 5-5 5"),rs=J("M3 10l5-5 5 5"),Ut=J("M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14M7 5v4M5 7h4"),as=J("M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6"),is=J("M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z"),ls=J("M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"),cs=J("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"),us=J("M2 4h12M4.5 8h7M6.5 12h3");var pe=8,Br=34,Mn=320,ot={columns:1,visible:1,row:100},ps=()=>ot.columns,hs=()=>Math.max(ot.columns,ot.columns*ot.visible);function Dr({width:e,height:t},n){let o=Math.min(n,Math.max(100,(e-pe)/2));for(let s=Math.max(1,Math.floor((e+pe)/(o+pe)));;s--){let r=(e-pe*(s-1))/s,a=Math.round(r*.6+Br)+pe,i=Math.ceil(t/a)+1;if(s===1||s*i<=Mn)return{columns:s,cell:r,row:a,inSight:i}}}function ds(){let e=N(null),t=N({top:0,height:600,width:800}),[,n]=ye(E=>E+1,0),{rows:o,where:s,proposed:r}=I(),{columns:a,cell:i,row:h,inSight:f}=Dr(t.current,u.size),l=Math.ceil(o.length/a);Object.assign(ot,{columns:a,visible:Math.max(1,f-2),row:h});let $=Math.max(0,Math.min(3,Math.floor((Mn/a-f)/2))),g=Math.max(0,Math.min(l-1,Math.floor(t.current.top/h))-$),p=Math.min(l,g+Math.min(f+2*$,Math.floor(Mn/a))),m=s.get(u.current)??-1;F(()=>{let E=e.current,B=()=>{let Y=getComputedStyle(E),C=E.clientWidth-parseFloat(Y.paddingLeft)-parseFloat(Y.paddingRight);(C!==t.current.width||E.clientHeight!==t.current.height)&&(Object.assign(t.current,{width:C,height:E.clientHeight}),n())},q=new ResizeObserver(B);return q.observe(E),B(),()=>q.disconnect()},[]);let b=N({current:-1,at:-1,key:""});F(()=>{let E=e.current,{current:B,at:q,key:Y}=b.current,C=`${a} ${h}`;if(b.current={current:u.current,at:m,key:C},m<0)return;let U=Math.floor(m/a)*h,te=Math.floor(q/a)*h,Q=E.clientHeight;B===u.current&&Y===C&&q>=0&&te!==U?te>=E.scrollTop-h&&te<=E.scrollTop+Q&&(E.scrollTop+=U-te):(B!==u.current||Y!==C)&&(U<E.scrollTop?E.scrollTop=U:U+h>E.scrollTop+Q-pe&&(E.scrollTop=U+h-Q+pe*2))}),j(()=>e.current.focus({preventScroll:!0}),[]);let _=()=>{let E=e.current.scrollTop,B=Math.floor(E/h)!==Math.floor(t.current.top/h);t.current.top=E,B&&n()},{low:x,high:y}=mt(),T=[],P=E=>{let B=o[E],q=d.burstOf(B).length;T.push(c`<${Wr}
        key=${d.id[B]}
        row=${B}
        place=${E}
        n=${a}
        cell=${i}
        height=${h}
        total=${o.length}
        low=${x}
        high=${y}
        proposed=${r.has(B)}
        current=${E===m}
        mark=${M.of(d.id[B])}
        isKept=${M.isKept(d.id[B])}
        isChosen=${u.chosen.has(d.id[B])}
        burst=${q}
        isOpen=${q>1&&u.fold&&u.open.has(d.burst[B])}
      />`)};for(let E=g*a;E<Math.min(o.length,p*a);E++)P(E);return m>=0&&(m<g*a||m>=p*a)&&P(m),c`<div
    class="grid"
    id="grid"
    ref=${e}
    role="listbox"
    tabindex="0"
    aria-label="Photographs"
    aria-activedescendant=${m>=0?`photo-${d.id[u.current]}`:void 0}
    onScroll=${_}
  >
    <div class="sheet" role="presentation" style=${{height:`${Math.max(0,l*h)}px`}}>${T}</div>
    ${o.length===0&&c`<${Ir} />`}
  </div>`}function Ir(){return d.n?c`<p class="empty">
    No photograph passes the filters.
    <button type="button" onClick=${()=>k({show:"all",low:null,high:null,query:""})}>Show all</button>
  </p>`:c`<p class="empty">
      ${u.server?.done?"There are no photographs here.":"The first photographs are being scored…"}
    </p>`}var Wr=Ko(({row:e,place:t,n,cell:o,height:s,total:r,low:a,high:i,proposed:h,current:f,mark:l,isKept:$,isChosen:g,burst:p,isOpen:m})=>{let b=d.id[e],_=V(d,e),x=d.score[e],y=d.familiarity[e]!==null&&d.familiarity[e]<.05,T=x===null?0:i>a?(x-a)/(i-a):1,P=["cell",l.mark,f&&"current",h&&"proposed",_&&"broken",m&&"open"],E=`translate(${t%n*(o+pe)}px, ${Math.floor(t/n)*s}px)`,B=[d.name[e],tn(e),h&&"proposed",!$&&"not kept yet",g&&"to compare"];return c`<div
      class=${P.filter(Boolean).join(" ")}
      id=${`photo-${b}`}
      role="option"
      aria-setsize=${r}
      aria-posinset=${t+1}
      aria-selected=${f?"true":"false"}
      data-id=${b}
      data-score=${x}
      style=${{transform:E,width:`${o}px`,height:`${s-pe}px`}}
      onClick=${q=>q.ctrlKey||q.metaKey?wn(e):Z(e)}
      onDblClick=${()=>k({large:!0,zoomed:!1})}
    >
      <span class="hidden">${B.filter(Boolean).join(", ")}</span>
      <div class="picture" aria-hidden="true">
        ${_?c`<span class="blank">${d.error[e]||"not scored"}</span>`:c`<img
                src=${Se(b)}
                alt=""
                decoding="async"
                draggable=${!1}
                onError=${q=>q.target.classList.add("missing")}
              />`}
        <span class="tags">
          ${l.mark==="pick"&&c`<span class="tag good"><${je} />pick</span>`}
          ${l.mark==="reject"&&c`<span class="tag bad"><${ae} />reject</span>`}
          ${h&&l.mark!=="pick"&&c`<span class="tag">proposed</span>`}
          ${!$&&c`<span class="tag warn">not kept yet</span>`}
          ${g&&c`<span class="tag">compare</span>`}
        </span>
        <span class="tags right">
          ${p>1&&c`<span class="tag" title=${`a burst of ${p}`}><${os} />${p}</span>`}
          ${y&&c`<span class="tag" title="unlike all anchors"><${ss} />unlike</span>`}
        </span>
        ${l.stars>0&&c`<span class="tags bottom">
            <span class="tag stars">${Array.from({length:l.stars},()=>c`<${Lt} />`)}</span>
          </span>`}
      </div>
      <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${T})`}}></i></div>
      <div class="caption" aria-hidden="true">
        <span class="name">${d.file(e)}</span><b>${_?"–":S(x)}</b>
      </div>
    </div>`});function he({text:e,label:t,id:n}){let[o,s]=R(!1);return e?c`<div class="command">
    <p class="dim">${t}</p>
    <div>
      <code id=${n}>${e}</code>
      <button
        type="button"
        class="round"
        aria-label="Copy the command"
        title=${o?"Copied":"Copy"}
        onClick=${async()=>{try{await navigator.clipboard.writeText(e),s(!0),O("Copied."),setTimeout(()=>s(!1),1500)}catch{getSelection().selectAllChildren(document.getElementById(n)),O("Selected: copy it with the keys of your system.")}}}
      >
        <${cs} />
      </button>
    </div>
  </div>`:null}var qr={stars:"Stars",pairs:"Pairs"},Bt=20,Hr=40,w={kind:Fr(),server:null,queue:[],waiting:0,sent:new Set,made:null,agreement:null,error:""};function Fr(){return u.tasteKind==="pairs"?"pairs":"stars"}function ke(e){Object.assign(w,e),k()}var En=()=>(w.kind==="stars"?w.server?.stars:w.server?.pairs)??0,Kr=(e,t)=>String(e)===String(t);function Sn(e,t=[]){let n=e.next.filter(o=>!Kr(o,t[0])&&!w.sent.has(String(o)));ke({server:e,queue:[...t,...n],error:""});for(let o of w.queue.slice(0,2))for(let s of[o].flat())Ne(s)}async function Dt(e=w.kind){try{let t=await K(`/api/taste/${e}`);e===w.kind&&Sn(t)}catch(t){rt(t)}}function rt(e){e.gone&&oe(e),ke({error:e.message})}var st=Promise.resolve();function fs(e,t){let{kind:n}=w;return ke({waiting:w.waiting+1}),st=st.then(()=>le(`/api/taste/${n}/${e}`,t)).then(o=>{if(w.waiting-=1,n!==w.kind)return k();let s=o.back??[];if(!s.length)return Sn(o,w.queue.slice(0,1));let r=n==="stars"?s[0]:s;for(let a of[r,[...s].reverse()])w.sent.delete(String(a));Sn(o,[r])}).catch(async o=>{w.waiting-=1,w.sent.clear(),rt(o),o.gone||await Dt()}),st}function Cn(e,t,n){w.sent.add(String(w.queue[0])),ke({queue:w.queue.slice(1),agreement:null,made:null}),O(n),fs("judge",{ids:e,stars:t})}function It(e){let t=w.queue[0];if(!Pn()||w.kind!=="stars")return!1;Cn([t],e,e?`${ce(e)}. Next photograph.`:"Passed over.")}function Wt(e){let t=w.queue[0];if(!Pn()||w.kind!=="pairs")return!1;if(e===null)return Cn(t,0,"Passed over.");Cn(e?[t[1],t[0]]:t,1,`The ${e?"right":"left"} one. Next two.`)}function Tn(){return w.kind==="stars"?It(0):Wt(null)}function An(){ke({agreement:null,made:null}),O("The last judgement is taken back."),fs("undo",{})}function Xr(e){e!==w.kind&&(G("tasteKind",e),ke({kind:e,server:null,queue:[],sent:new Set,made:null,agreement:null,error:""}),Dt(e))}async function ms(){let{kind:e}=w;await st;try{let t=await K(`/api/taste/${e}/agreement`);e===w.kind&&ke({agreement:t})}catch(t){rt(t)}}async function Yr(){try{let{score:e}=await K(`/api/taste/${w.kind}/scores?name=${encodeURIComponent(w.made.name)}`);d.taste=d.id.map(t=>e[t]??null),d.version+=1,k({order:"taste",moved:!1}),location.hash="#cull"}catch(e){rt(e)}}async function Vr(e){await st;try{let t=await le(`/api/taste/${w.kind}/index`,{name:e});ke({made:t,error:""}),O(`The index ${t.name} is there.`),ms()}catch(t){rt(t)}}function gs(){j(()=>{Dt(),document.getElementById("content").focus({preventScroll:!0})},[]);let e=w.server&&!w.queue.length&&!u.server?.done;return j(()=>{e&&Dt()},[e,u.server?.n_done]),c`<main id="content" class="taste" tabindex="-1" aria-label="Taste">
    <section class="asked" aria-label="Judge">
      <${Pn()?w.kind==="stars"?Zr:Jr:Gr} />
    </section>
    <aside class="told" aria-label="Your taste"><${Qr} /></aside>
  </main>`}var Pn=()=>w.queue.length>0&&[w.queue[0]].flat().every(e=>d.rows.has(e)),$s=e=>d.name[d.rows.get(e)];function Gr(){return w.error&&!w.server?c`<p class="empty warn" role="alert">${w.error}</p>`:!w.server||w.queue.length||!u.server?.done||w.waiting?c`<p class="empty" role="status">Choosing…</p>`:c`<p class="empty" role="status">
    ${En()?"All photographs are judged.":"There are no photographs to judge: start with quasar-index explore PHOTOS."}
  </p>`}function Zr(){let e=w.queue[0];return c`<h2 class="question">How good is it, to you?</h2>
    <div class="stage"><${we} key=${e} id=${e} wait=${0} alt=${$s(e)} /></div>
    <div class="answers" role="group" aria-label="Stars">
      ${[1,2,3,4,5].map(t=>c`<button type="button" key=${t} aria-label=${ce(t)} onClick=${()=>It(t)}>
            <span class="gold" aria-hidden="true">${"★".repeat(t)}</span> <kbd>${t}</kbd>
          </button>`)}
    </div>
    <${_s} />`}function Jr(){let e=w.queue[0];return c`<h2 class="question">Which one is better, to you?</h2>
    <div class="two">
      ${e.map((t,n)=>c`<button
            type="button"
            class="choice"
            key=${t}
            aria-label=${`The ${n?"right":"left"} one: ${$s(t)}`}
            onClick=${()=>Wt(n)}
          >
            <span class="stage"><${we} id=${t} wait=${0} alt="" /></span>
            <span>${n?"right":"left"} <kbd>${n?"→":"←"}</kbd></span>
          </button>`)}
    </div>
    <${_s} />`}function _s(){return c`<div class="answers">
    <button type="button" onClick=${Tn}>Pass over <kbd>S</kbd></button>
    <button type="button" disabled=${!En()&&!w.server?.passed} onClick=${An}>Take back <kbd>U</kbd></button>
  </div>`}function Qr(){let e=En(),t=`${Bt} ${w.kind==="stars"?"photographs":"pairs"} are a start; going on later adds`;return c`<section aria-labelledby="h-by">
      <h2 id="h-by">Judge by</h2>
      <div class="kinds" role="group" aria-labelledby="h-by">
        ${Object.entries(qr).map(([n,o])=>c`<button
              type="button"
              key=${n}
              id=${`by-${n}`}
              aria-pressed=${w.kind===n?"true":"false"}
              onClick=${()=>Xr(n)}
            >
              ${o}
            </button>`)}
      </div>
    </section>
    <section aria-labelledby="h-judged">
      <h2 id="h-judged">Judged</h2>
      <p class="number"><b id="judged">${e}</b> <span class="dim">of ${Math.max(Bt,e)}</span></p>
      <progress max=${Bt} value=${Math.min(e,Bt)} aria-label="Judged"></progress>
      <p class="dim" id="kept">
        ${w.waiting?`${z(w.waiting,"judgement")} not kept yet`:e?"all kept":t}
      </p>
      ${w.kind==="stars"&&e>0&&c`<dl class="spread">
          ${w.server.counts.map((n,o)=>c`<div key=${o}>
                <dt>${ce(o+1)}</dt>
                <dd>${n}</dd>
              </div>`)}
        </dl>`}
    </section>
    <${ea} done=${e} />
    <${na} done=${e} />
    ${w.error&&c`<p class="warn" role="alert" id="taste-error">${w.error}</p>`}
    <p class="dim">
      Asked for next: photographs unlike those you judged, and those whose score is in
      doubt.${w.server&&c` Kept in <span class="path">${w.server.store}</span>.`}
    </p>`}function ea({done:e}){let t=w.agreement;return e?c`<section aria-labelledby="h-worth">
    <h2 id="h-worth">What it is worth</h2>
    ${t&&c`<p id="agreement" role="status">${ta(t)}</p>`}
    ${t&&e<Hr&&c`<p class="warn">${z(e,"judgement")} ${e===1?"says":"say"} little.</p>`}
    <button type="button" class="wide" onClick=${ms}>Measure: leave each one out</button>
  </section>`:null}function ta({what:e,value:t,low:n,high:o,n:s}){if(t===null)return"Too few judgements, or too much alike, for a figure.";if(e==="share"){let i=f=>`${Math.round(100*f)}%`,h=`95% interval ${i(n)} to ${i(o)}; chance: 50%`;return`Of ${z(s,"pair")}, each left out in turn, ${i(t)} are foretold right (${h}).`}let a=`${n===null?"no interval of so few":`95% interval ${S(n)} to ${S(o)}`}; ${z(s,"photograph")}; chance: 0`;return`Rank correlation of your stars with the score of each photograph, left out in turn: ${S(t)} (${a}).`}function na({done:e}){let t=N(null),[n,o]=R("my-taste"),{made:s}=w;return c`<section aria-labelledby="h-make">
    <h2 id="h-make">Your index</h2>
    <form
      onSubmit=${r=>{r.preventDefault(),Vr(n.trim())}}
    >
      <label class="field"
        ><span>Name</span
        ><input
          type="text"
          id="taste-name"
          ref=${t}
          spellcheck=${!1}
          value=${n}
          onInput=${r=>o(r.target.value)}
      /></label>
      <button type="submit" class="wide main" id="make" disabled=${!w.server?.divides}>Make the index</button>
    </form>
    ${e>1&&w.server&&!w.server.divides&&c`<p class="dim">All are the same so far: judge some better than others.</p>`}
    ${s&&c`<p id="made" role="status">
          <b>${s.name}</b>: ${s.n_good} good and ${s.n_bad} bad, in <span class="path">${s.path}</span>
        </p>
        <button type="button" class="wide" id="sort" onClick=${Yr}>Sort Cull by it</button>
        <${he} text=${s.score} label="Score by it" id="taste-score" />
        <${he} text=${s.explore} label="Cull by it: start again with" id="taste-explore" />`}
  </section>`}var Ue=e=>(t,n)=>["cull","compare"].includes(u.view.name)||d.rows.get(u.view.id)===u.current?e(t,n):!1,ee=e=>(t,n)=>u.view.name==="cull"?e(t,n):!1,On=e=>t=>u.view.name==="anchors"?e(t):!1;function ve(e,t=null){location.hash=t===null?`#${e}`:`#${e}/${t}`}var bs=e=>()=>{let{rows:t}=I();t.length&&Z(t[e?t.length-1:0])};function oa(){return u.zoomed?k({zoomed:!1}):u.large?k({large:!1}):u.details||u.filters?k({details:!1,filters:!1}):u.view.name!=="cull"?ve("cull"):!1}var at=[{group:"Move",keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the photograph before, the next",run:Ue(e=>ge(e==="ArrowLeft"?-1:1))},{group:"Move",keys:["ArrowUp","ArrowDown"],label:["↑","↓"],text:"the row above, below",run:ee(e=>ge(u.large?e==="ArrowUp"?-1:1:(e==="ArrowUp"?-1:1)*ps()))},{group:"Move",keys:["PageUp","PageDown"],label:["PgUp","PgDn"],text:"a page up, down",run:ee(e=>ge((e==="PageUp"?-1:1)*hs()))},{group:"Move",keys:["Home"],label:["Home"],text:"the first",run:ee(bs(!1))},{group:"Move",keys:["End"],label:["End"],text:"the last",run:ee(bs(!0))},{group:"Mark",keys:["p"],label:["P"],text:"pick; again: no mark",run:Ue((e,t)=>$e("pick",t?{next:!0}:{}))},{group:"Mark",keys:["x"],label:["X"],text:"reject; again: no mark",run:Ue((e,t)=>$e("reject",t?{next:!0}:{}))},{group:"Mark",keys:["1","2","3","4","5"],label:["1","…","5"],text:"stars",run:Ue(e=>Ye(Number(e)))},{group:"Mark",keys:["0"],label:["0"],text:"no stars",run:Ue(()=>Ye(0))},{group:"Mark",keys:["u"],label:["U"],text:"undo the last change of marks",run:Ue(()=>M.undo())},{group:"Mark",keys:["a"],label:["A"],text:"go on to the next after a mark: on or off (Shift+P, Shift+X do it once)",run:ee(()=>G("advance",!u.advance))},{group:"Look",keys:[" "],label:["Space"],text:"large; again: back to the grid",run:ee(()=>k({large:!u.large,zoomed:!1}))},{group:"Look",keys:["z"],label:["Z"],text:"every pixel; again: the whole photograph",run:ee(()=>k({large:!0,zoomed:!(u.large&&u.zoomed)}))},{group:"Look",keys:["b"],label:["B"],text:"unfold or fold this burst",run:ee(lo)},{group:"Look",keys:["+","=","-"],label:["+","−"],text:"larger, smaller pictures in the grid",run:ee(e=>G("size",Math.max(110,Math.min(420,Math.round(u.size*(e==="-"?1/1.2:1.2))))))},{group:"Look",keys:["Enter"],label:["Enter"],text:"why this score: One image",run:ee(()=>u.current>=0&&ve("one",d.id[u.current]))},{group:"Find",keys:["/"],label:["/"],text:"filter by name",run:ee(()=>{k({filters:!0,large:!1}),setTimeout(()=>document.getElementById("query")?.focus())})},{group:"Find",keys:["f"],label:["F"],text:"show all, picks, rejects, undecided in turn",run:ee(()=>se({show:{all:"pick",pick:"reject",reject:"none"}[u.show]??"all"}))},{group:"Find",keys:["o"],label:["O"],text:"order: best, worst, name, time in turn",run:ee(()=>se({order:{best:"worst",worst:"name",name:"time"}[u.order]??"best"}))},{group:"Page",keys:["e"],label:["E"],text:"export",run:()=>k({dialog:"export",large:!1})},{group:"Page",keys:["?"],label:["?"],text:"this list",run:()=>k({dialog:"keys"})},{group:"Page",keys:["Escape"],label:["Esc"],text:"back",run:oa},{group:"One image",keys:["[","]"],label:["[","]"],text:"one anchor fewer, more a side (k)",run:()=>!1},...xn,{group:"Anchors",keys:["l"],label:["L"],text:"lasso or move",run:On(_n)},{group:"Anchors",keys:["+","=","-"],label:["+","−"],text:"zoom the map",run:On(e=>re.scatter?.zoomBy(e==="-"?1/1.3:1.3))},{group:"Anchors",keys:["Home"],label:["Home"],text:"the whole map",run:On(()=>re.scatter?.fit(!0))}],ks=[{keys:["1","2","3","4","5"],label:["1","…","5"],text:"stars of this photograph",run:e=>It(Number(e))},{keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the left one, the right one is better",run:e=>Wt(e==="ArrowLeft"?0:1)},{keys:["s"],label:["S"],text:"pass over",run:Tn},{keys:["u"],label:["U"],text:"take the last judgement back",run:An}].map(({run:e,...t})=>({group:"Taste",...t,run:n=>u.view.name==="taste"?e(n):!1}));at.push(...ks);var zn=new Map;for(let e of[...ks,...xn,...at])for(let t of e.keys)zn.set(t,[...zn.get(t)??[],e]);var sa="button, a[href], summary, input, select, textarea";function ys(e,t){return t==="Escape"?!1:e.matches("select, textarea, input:not([type=range], [type=checkbox], [type=radio])")||e.matches("input")&&/^(Arrow|Home|End|Page)/.test(t)?!0:(t===" "||t==="Enter")&&e.matches(sa)}function ws(e){if(e.defaultPrevented||e.isComposing||e.altKey)return;if(e.ctrlKey||e.metaKey){if(e.key!=="z"||u.view.name!=="cull"||ys(e.target,"z"))return;e.preventDefault(),M.undo();return}if(u.dialog)return;let t=e.key.length===1?e.key.toLowerCase():e.key,n=zn.get(t);!n||ys(e.target,t)||!u.letters&&/^[a-z0-9/+=?[\]-]$/.test(t)||n.some(o=>o.run(t,e.shiftKey)!==!1)&&e.preventDefault()}var ra=200,Be=new Map;function Nn(e){Be.set(e.id,e),Be.size>ra&&Be.delete(Be.keys().next().value)}function qt(e,t=120){let[,n]=R(null);return j(()=>{if(e==null||Be.has(e))return;let o=new AbortController,s=setTimeout(()=>{K(`/api/explain/${e}`,o.signal).then(r=>{Nn({...r,id:e}),n(r)},oe)},t);return()=>{clearTimeout(s),o.abort()}},[e,u.gone]),Be.get(e)??null}function Ht({value:e,low:t,high:n}){if(e==null)return null;let[o,s]=u.server?.index?.range??[t,n],r=i=>`${Math.max(0,Math.min(100,100*(i-o)/(s-o||1)))}%`,a=t!=null;return c`<div class="opinion">
    <p class="line">
      <span>opinion</span
      ><span
        ><b>${fe(e)}</b>
        ${a&&c`<span class="dim">${fe(t)} to ${fe(n)}, of ${fe(o)} to ${fe(s)}</span>`}</span
      >
    </p>
    <div class="scale" aria-hidden="true">
      ${a&&c`<i class="span" style=${{left:r(t),right:`calc(100% - ${r(n)})`}}></i>`}<i
        class="dot"
        style=${{left:r(e)}}
      ></i>
    </div>
  </div>`}function Ft({value:e}){return e==null?null:c`<div>
    <p class="line"><span>familiarity</span><b>${S(e)}</b></p>
    <p class="dim sentence">${oo(e)}</p>
  </div>`}function De({side:e,list:t,most:n,title:o,pictures:s=!0}){if(!t?.length)return null;let r=[...t].sort((l,$)=>$.weight-l.weight).slice(0,n),a=Math.max(...r.map(l=>l.weight),1e-12),i=l=>!!(l.picture??s),h=!r.some(i),f=`h-${e}`;return c`<section class=${`anchors ${e} ${h?"named":""}`} aria-labelledby=${f}>
    <h2 id=${f}>${o}</h2>
    <ul>
      ${r.map(l=>c`<li key=${l.anchor} title=${aa(l)}>
            ${h?c`<p class="file">${l.name}</p>`:c`<div class="tile">
                    ${i(l)?c`<img
                            src=${`/anchor/${l.anchor}`}
                            alt=${l.name??""}
                            loading="lazy"
                            decoding="async"
                          />`:c`<span class="blank">${l.name||"no picture"}</span>`}
                  </div>`}
            <p class="figures"><b>${vs(l.rating)}</b><span class="dim"> · ${ia(l.weight)}</span></p>
            <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${l.weight/a})`}}></i></div>
          </li>`)}
    </ul>
  </section>`}var aa=e=>`${e.name}
rating ${vs(e.rating)}, weight ${X(e.weight)}, cosine ${X(e.cosine)}`,vs=e=>e==null?"–":String(Math.round(e*100)/100),ia=e=>String(Number(e.toPrecision(2)));function we({id:e,side:t=1600,wait:n=90,alt:o,label:s}){let r=N(null);return j(()=>{let a=()=>{let f=Ne(e,t);f.alt=o;let l=()=>r.current?.dataset.id===String(e)&&r.current.replaceChildren(f);f.done?l():f.ready.then(()=>f.done&&l())};if(!r.current)return;if(r.current.dataset.id=e,to(e,t))return void a();let i=new Image;i.src=Se(e),i.alt=o,i.className="small",r.current.replaceChildren(i);let h=setTimeout(a,n);return()=>clearTimeout(h)},[e,t]),c`<div class="photograph" ref=${r} aria-label=${s}></div>`}function Ln(e){e.detail&&(document.querySelector("dialog[open]")??document.getElementById("grid"))?.focus({preventScroll:!0})}function Pe(){let{mark:e}=M.of(d.id[u.current]),t=(n,o,s,r)=>c`<button
      type="button"
      class=${`mark ${n}`}
      aria-pressed=${e===n?"true":"false"}
      title=${`${r} (${s})`}
      onClick=${a=>Ln(a,$e(n))}
    >
      <${o} /><span>${r}</span>
    </button>`;return c`<div class="marks">
    ${t("pick",je,"P","Pick")}${t("reject",ae,"X","Reject")}
    <button
      type="button"
      class="round"
      aria-label="Undo"
      title="Undo the last change of marks (U)"
      onClick=${n=>Ln(n,M.undo())}
    >
      <${as} />
    </button>
  </div>`}function Oe(){let{stars:e}=M.of(d.id[u.current]);return c`<div class="starline" role="group" aria-label="Stars">
    ${[1,2,3,4,5].map(t=>c`<button
          key=${t}
          type="button"
          class=${t<=e?"on":""}
          aria-pressed=${t===e?"true":"false"}
          aria-label=${t===1?"1 star":`${t} stars`}
          title=${`${t} (${t===e?0:t})`}
          onClick=${n=>Ln(n,Ye(t===e?0:t))}
        >
          <${Lt} />
        </button>`)}
  </div>`}function xs(){let e=u.current,t=d.id[e],n=e>=0&&V(d,e),o=qt(e<0||n?null:t);if(e<0)return c`<aside class="panel" aria-label="Current photograph"></aside>`;let{where:s}=I(),r=d.burstOf(e),a=n?"not scored":`${dt(gt(e))} of ${A(d.scored)}`;return c`<aside class="panel" aria-label="Current photograph">
    <div class="short">
      <button
        type="button"
        class="opener"
        aria-expanded=${u.details?"true":"false"}
        aria-controls="details"
        onClick=${()=>k({details:!u.details})}
      >
        <span class="file">${d.file(e)}</span
        ><span><b>${S(d.score[e])}</b> <span class="dim">${a}</span></span
        ><${rs} class="icon turn" />
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
        ${n?c`<span class="blank">no picture</span>`:!u.large&&c`<${we} id=${t} alt=${d.name[e]} />`}
      </button>
      <p class="file" title=${d.name[e]}>${d.name[e]}</p>
      ${d.taken[e]!==null&&c`<p class="dim">${so(d.taken[e])}</p>`}
    </div>
    <div class="number">
      <p class="score" title=${`score ${X(d.score[e])}`}>
        <b>${S(d.score[e])}</b> <span class="dim">${a}</span>
      </p>
    </div>
    <div class="doing"><${Pe} /><${Oe} /></div>
    <div class="whole">
      ${n&&c`<p class="warn">Not scored: ${d.error[e]}</p>`}
      <${Ht} value=${d.opinion[e]} low=${d.low[e]} high=${d.high[e]} />
      <${Ft} value=${d.familiarity[e]} />
      <${De}
        side="good"
        list=${o?.good}
        most=${5}
        pictures=${o?.anchors_have_pictures}
        title="Nearest good anchors"
      />
      <${De}
        side="bad"
        list=${o?.bad}
        most=${5}
        pictures=${o?.anchors_have_pictures}
        title="Nearest bad anchors"
      />
      ${r.length>1&&c`<section aria-labelledby="h-burst">
          <h2 id="h-burst">This burst</h2>
          <ul class="strip">
            ${r.slice(0,12).map(i=>c`<li key=${i}>
                  <button
                    type="button"
                    aria-label=${`${d.file(i)}, score ${S(d.score[i])}`}
                    aria-current=${i===e?"true":void 0}
                    onClick=${()=>la(i,s)}
                  >
                    <img src=${Se(d.id[i])} alt="" /><span>${S(d.score[i])}</span>
                  </button>
                </li>`)}
          </ul>
          ${r.length>12&&c`<p class="dim">and ${A(r.length-12)} more</p>`}
        </section>`}
      ${!n&&c`<button type="button" class="wide" onClick=${()=>ve("one",t)}>Why this score: One image</button>`}
    </div>
  </aside>`}function la(e,t){t.has(e)||k({open:new Set(u.open).add(d.burst[e])}),Z(e)}var ca=.0018;function Ms(){let e=et(),t=N(null);return j(()=>{e.length&&!e.includes(u.current)&&k({current:e[0],moved:!0})}),F(tt),j(()=>{let n=new ResizeObserver(tt);return n.observe(t.current),t.current.focus({preventScroll:!0}),()=>n.disconnect()},[]),c`<main class="compare" id="content" tabindex="-1" aria-label="Compare" ref=${t}>
    ${e.length<2?c`<p class="empty">
            ${d.n||u.server?.done?c`Choose two to four photographs in Cull (<kbd>S</kbd>), then press <kbd>C</kbd>. Without a choice,
                    <kbd>C</kbd> compares a burst, or a photograph and the next.`:"The first photographs are being scored…"}
          </p>`:c`<div class=${`panes n${e.length}`}>
              ${e.map(n=>c`<${ua} key=${d.id[n]} row=${n} />`)}
            </div>
            <${pa} n=${e.length} />`}
  </main>`}function ua({row:e}){let t=d.id[e],n=N(null),o=e===u.current,{mark:s,stars:r}=M.of(t),a=f=>{f.preventDefault();let l=f.currentTarget.getBoundingClientRect(),$=f.clientX-l.left-l.width/2,g=f.clientY-l.top-l.height/2,p=f.deltaMode===1?30:1;nt(Math.exp(-f.deltaY*p*ca),f.currentTarget.firstElementChild,$,g)},i=f=>{let l=f.currentTarget;if(f.type==="pointerdown"){if(f.button!==0)return;l.setPointerCapture(f.pointerId),n.current={x:f.clientX,y:f.clientY},o||Z(e)}else f.type==="pointermove"&&n.current?(yn(l.firstElementChild,f.clientX-n.current.x,f.clientY-n.current.y),n.current={x:f.clientX,y:f.clientY}):f.type!=="pointermove"&&(n.current=null)},h=f=>f.target.classList.add("missing");return c`<section
    class=${`pane ${s}`}
    aria-label=${d.name[e]}
    aria-current=${o?"true":void 0}
    data-id=${t}
  >
    <div
      class="under"
      onWheel=${a}
      onPointerDown=${i}
      onPointerMove=${i}
      onPointerUp=${i}
      onPointerCancel=${i}
      onDblClick=${zt}
    >
      ${V(d,e)?c`<p class="blank">Not scored: ${d.error[e]}</p>`:c`<div class="lens">
              <img src=${Se(t)} alt=${d.name[e]} draggable=${!1} onLoad=${tt} onError=${h} />
              <img src=${Fe(t)} alt="" decoding="async" draggable=${!1} onError=${h} />
              ${D.zoom>1&&c`<img src=${Fe(t,3200)} alt="" decoding="async" draggable=${!1} onError=${h} />`}
            </div>`}
      <span class="tags">
        ${s==="pick"&&c`<span class="tag good"><${je} />pick</span>`}
        ${s==="reject"&&c`<span class="tag bad"><${ae} />reject</span>`}
        ${r>0&&c`<span class="tag">${ce(r)}</span>`}
        ${!M.isKept(t)&&c`<span class="tag warn">not kept yet</span>`}
      </span>
    </div>
    <div class="caption">
      <button type="button" class="link file" aria-pressed=${o?"true":"false"} onClick=${()=>Z(e)}>
        ${d.file(e)}
      </button>
      <p title=${`score ${X(d.score[e])}`}>
        <b class="score">${S(d.score[e])}</b>
        <span class="dim">
          ${!V(d,e)&&c` ${dt(gt(e))} of ${A(d.scored)}`}
          ${d.opinion[e]!==null&&c` · opinion ${fe(d.opinion[e])}`}
          ${d.familiarity[e]!==null&&c` · familiarity ${S(d.familiarity[e])}`}
        </span>
      </p>
    </div>
  </section>`}function pa({n:e}){let t=(n,o,s,r,a=!1)=>c`<button
      type="button"
      class="round"
      aria-label=${n}
      title=${`${n} (${o})`}
      disabled=${a}
      onClick=${s}
    >
      ${r}
    </button>`;return c`<div class="rail" role="toolbar" aria-label="The one with the frame">
    ${t("The candidate before","↑",()=>Nt(-1),c`<${Rt} />`)}
    ${t("The next candidate","↓",()=>Nt(1),c`<${jt} />`)}
    <${Pe} /><${Oe} />
    ${t("Every pixel, or whole","Z",zt,c`<${Ut} />`)}
    ${t("Closer","+",()=>nt(1.3),"+")} ${t("Farther","-",()=>nt(1/1.3),"−")}
    ${t("Leave this one out","Del",vn,c`<${ae} />`,e<=2)}
  </div>`}function Ss(){let e=N(null),t=N(null),n=u.current,o=d.id[n],{rows:s,where:r}=I(),a=r.get(n)??0;F(()=>{let l=e.current;return l.showModal(),l.focus(),()=>{l.close(),document.getElementById("grid")?.focus({preventScroll:!0})}},[]),j(()=>{for(let l of[a+1,a-1,a+2]){let $=s[l];$!==void 0&&!V(d,$)&&Ne(d.id[$])}},[o]),F(()=>{let l=t.current;u.zoomed&&l.scrollTo((l.scrollWidth-l.clientWidth)/2,(l.scrollHeight-l.clientHeight)/2)},[u.zoomed,o]);let i=N(null),h=l=>{let $=t.current;if(l.type==="pointerdown")i.current={x:l.clientX+$.scrollLeft,y:l.clientY+$.scrollTop,moved:!1};else if(l.type==="pointermove"&&i.current&&u.zoomed){let g=i.current.x-l.clientX,p=i.current.y-l.clientY;Math.abs(g-$.scrollLeft)+Math.abs(p-$.scrollTop)>3&&(i.current.moved=!0),$.scrollTo(g,p)}else if(l.type==="pointerup"){let g=i.current?l.clientX+t.current.scrollLeft-i.current.x:0;!u.zoomed&&l.pointerType==="touch"&&Math.abs(g)>40?ge(g<0?1:-1):i.current&&!i.current.moved&&k({zoomed:!u.zoomed}),i.current=null}},f=M.isKept(o);return c`<dialog
    class="large"
    tabindex="-1"
    ref=${e}
    aria-label=${`${d.name[n]}, large`}
    onCancel=${l=>{l.preventDefault(),k(u.zoomed?{zoomed:!1}:{large:!1})}}
  >
    <div
      class=${u.zoomed?"stage zoomed":"stage"}
      ref=${t}
      onPointerDown=${h}
      onPointerMove=${h}
      onPointerUp=${h}
      onPointerLeave=${()=>i.current=null}
    >
      ${V(d,n)?c`<p class="blank">Not scored: ${d.error[n]}</p>`:c`<${we}
              key=${u.zoomed}
              id=${o}
              side=${u.zoomed?3200:1600}
              wait=${0}
              alt=${d.name[n]}
            />`}
    </div>
    <div class="rail">
      <button
        type="button"
        class="round"
        aria-label="The photograph before"
        title="Before (←)"
        disabled=${a===0}
        onClick=${()=>ge(-1)}
      >
        <${Rt} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="The next photograph"
        title="Next (→)"
        disabled=${a>=s.length-1}
        onClick=${()=>ge(1)}
      >
        <${jt} />
      </button>
      <p class="about">
        <b>${S(d.score[n])}</b> <span class="file">${d.file(n)}</span>
        <span class="dim">${A(a+1)} of ${A(s.length)}</span
        >${!f&&c` <span class="tag warn">not kept yet</span>`}
      </p>
      <${Pe} /><${Oe} />
      <button
        type="button"
        class="round"
        aria-pressed=${u.zoomed?"true":"false"}
        aria-label="Every pixel"
        title="Every pixel (Z)"
        onClick=${()=>k({zoomed:!u.zoomed})}
      >
        <${Ut} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="Back to the grid"
        title="Back (Space, Esc)"
        onClick=${()=>k({large:!1})}
      >
        <${ae} />
      </button>
    </div>
  </dialog>`}function Cs(){let e=Xe();return c`<aside class="filters" aria-label="Filters">
    <button
      type="button"
      class="opener"
      aria-expanded=${u.filters?"true":"false"}
      aria-controls="filter-parts"
      onClick=${()=>k({filters:!u.filters})}
    >
      <${us} />Filter, order, keep
      <span class="pill"
        >${co()?`${A(I().rows.length)} shown`:`${z(e.pick,"pick")}, ${z(e.reject,"reject")}`}</span
      >
    </button>
    <div class="parts" id="filter-parts">
      <${ha} /><${da} /><${fa} /><${ma} />
      <${he} text=${u.server?.command} label="The command that gives these scores" id="all-command" />
    </div>
  </aside>`}function ha(){let e=N(null),t=N(null),{low:n,high:o,counts:s}=mt(),r=Math.max(1,...s),a=(o-n)/me,i=u.low??n,h=u.high??o,f=m=>m<=0||m>=me?null:n+m*a,l=m=>{let{left:b,width:_}=e.current.getBoundingClientRect();return Math.max(0,Math.min(me-1,Math.floor((m.clientX-b)/_*me)))},$=m=>{if(m.type==="pointerdown"&&(m.currentTarget.setPointerCapture(m.pointerId),t.current=l(m)),t.current===null)return;let[b,_]=[t.current,l(m)].sort((x,y)=>x-y);k({low:f(b),high:f(_+1)}),m.type==="pointerup"&&(t.current=null,se({}))},g=(m,b)=>{let _=Number(b);m==="low"?se({low:_<=0?null:Math.min(n+_*a,h)}):se({high:_>=me?null:Math.max(n+_*a,i)})},p=(m,b,_)=>c`<input
      type="range"
      class=${m}
      min="0"
      max=${me}
      step="0.25"
      value=${(b-n)/(a||1)}
      aria-label=${_}
      aria-valuetext=${S(b)}
      onInput=${x=>g(m,x.target.value)}
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
            class=${n+(b+.5)*a>=i&&n+(b+.5)*a<=h?"in":""}
            style=${{height:m?`${Math.max(4,100*m/r)}%`:"0"}}
          ></i>`)}
    </div>
    <div class="limits">
      ${p("low",i,"Lowest score shown")}${p("high",h,"Highest score shown")}
    </div>
    <p class="line">
      <span>${S(i)}</span>
      ${u.low!==null||u.high!==null?c`<button type="button" class="link" onClick=${()=>se({low:null,high:null})}>
              all scores
            </button>`:c`<span class="dim">to</span>`}
      <span>${S(h)}</span>
    </p>
  </section>`}function da(){let e=Math.max(1,d.scored),t=o=>k({keep:Math.max(0,Math.min(e,Math.round(Number(o)||0)))}),n=I().proposed.size;return c`<section aria-labelledby="h-keep">
    <h2 id="h-keep">Keep</h2>
    <p class="line">
      <label for="keep">the best</label
      ><input
        type="number"
        id="keep"
        min="0"
        max=${e}
        value=${u.keep}
        onInput=${o=>t(o.target.value)}
      />
    </p>
    <input
      type="range"
      min="0"
      max="1000"
      value=${Math.round(Math.sqrt(u.keep/e)*1e3)}
      aria-label="Keep the best so many"
      aria-valuetext=${`the best ${u.keep}`}
      onInput=${o=>t((o.target.value/1e3)**2*e)}
    />
    <label class="line check"
      ><span>one of each burst</span
      ><input type="checkbox" checked=${u.single} onChange=${o=>G("single",o.target.checked)}
    /></label>
    <button type="button" class="wide main" disabled=${!n} onClick=${io}>
      ${n?`Pick the best ${A(n)}`:"Pick the best"}
    </button>
  </section>`}function fa(){let e=Xe();return c`<section aria-labelledby="h-show">
    <h2 id="h-show">Show</h2>
    <fieldset class="choices">
      <legend class="hidden">Show</legend>
      ${Object.entries(ht).map(([t,n])=>(e[t]>0||["all","pick","reject","none",u.show].includes(t))&&c`<label key=${t} class=${u.show===t?"line chosen":"line"}>
            <input
              type="radio"
              name="show"
              class="hidden"
              checked=${u.show===t}
              onChange=${()=>se({show:t})}
            />
            <span>${n}</span><span class="dim" id=${`n-${t}`}>${A(e[t])}</span></label
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
        onInput=${t=>se({query:t.target.value})}
        onKeyDown=${t=>t.key==="Enter"&&document.getElementById("grid").focus()}
    /></label>
    <p class="dim shown">${z(I().rows.length,"photograph")} shown</p>
  </section>`}function ma(){return c`<section aria-labelledby="h-order">
    <h2 id="h-order">Order</h2>
    <select
      aria-label="Order"
      id="order"
      value=${u.order}
      onChange=${e=>se({order:e.target.value})}
    >
      ${Object.entries(pt).map(([e,t])=>(e!=="taste"||d.taste.length>0)&&c`<option key=${e} value=${e} selected=${u.order===e}>${t}</option>`)}
    </select>
    <label class="line check"
      ><span>fold bursts</span
      ><input
        type="checkbox"
        id="fold"
        checked=${u.fold}
        onChange=${e=>G("fold",e.target.checked)}
    /></label>
    <label class="line check"
      ><span>go on after a mark</span
      ><input type="checkbox" checked=${u.advance} onChange=${e=>G("advance",e.target.checked)}
    /></label>
    <label class="line"
      ><span>size</span
      ><input
        type="range"
        min="110"
        max="420"
        step="10"
        value=${u.size}
        onInput=${e=>G("size",Number(e.target.value))}
    /></label>
  </section>`}function Es(){return c`<div class=${`cull ${u.filters?"with-filters":""} ${u.details?"with-details":""}`}>
    <${Cs} />
    <main id="content" tabindex="-1" aria-label="Photographs"><${ds} /></main>
    <${xs} />
    ${u.large&&c`<${Ss} />`}
  </div>`}function As({title:e,children:t}){let n=N(null);F(()=>{let s=document.activeElement;return n.current.showModal(),()=>(s?.isConnected?s:document.getElementById("grid"))?.focus({preventScroll:!0})},[]);let o=()=>k({dialog:""});return c`<dialog
    class="box"
    ref=${n}
    aria-labelledby="h-dialog"
    onClose=${o}
    onClick=${s=>s.target===n.current&&o()}
  >
    <div class="inner">
      <div class="head">
        <h2 id="h-dialog">${e}</h2>
        <button type="button" class="round" aria-label="Close" title="Close (Esc)" onClick=${o}>
          <${ae} />
        </button>
      </div>
      ${t}
    </div>
  </dialog>`}function Ps(){let e=[...new Set(at.map(t=>t.group))];return c`<${As} title="All keys">
    <div class="keys">
      ${e.map(t=>c`<section key=${t} aria-label=${t}>
            <h3>${t}</h3>
            <dl>
              ${at.filter(n=>n.group===t).map(n=>c`<div key=${n.text}>
                    <dt>${n.label.map(o=>o==="…"?"–":c`<kbd>${o}</kbd> `)}</dt>
                    <dd>${n.text}</dd>
                  </div>`)}
            </dl>
          </section>`)}
    </div>
    <label class="check"
      ><input
        type="checkbox"
        checked=${u.letters}
        onChange=${t=>G("letters",t.target.checked)}
      />
      keys of one letter, digit or sign are on</label
    >
    <p class="dim">
      With the mouse: a click chooses, two clicks show a photograph large. Nothing is ever deleted, and no photograph is
      changed.
    </p>
  <//>`}var ga={xmp:["XMP sidecars","stars and picks for Lightroom, darktable, digiKam and others, in a small file beside each photograph"],csv:["CSV","a table of names, scores and marks"],parquet:["Parquet","the same table for data tools"],links:["Links","a new folder of links to the photographs"],copies:["Copies","a new folder of copies of the photographs"]},Ts={picks:"picks",rejects:"rejects",marked:"all with a mark or stars",all:"all photographs"};function Os(){let[e,t]=R({what:"xmp",only:"picks",xmp_name:"photo.xmp",folder:"picks"}),[n,o]=R(null),[s,r]=R(!1),a=m=>{t({...e,...m}),o(null)},i=Xe(),h={picks:i.pick,rejects:i.reject,all:i.all},f={xmp:"sidecar",csv:"row",parquet:"row"}[e.what]??"photograph",l=m=>`${Ts[m]}${h[m]===void 0?"":` (${A(h[m])})`}`,$=e.what==="csv"||e.what==="parquet",g=e.what==="links"||e.what==="copies";return c`<${As} title="Export">
    <form onSubmit=${async m=>{m.preventDefault(),r(!0);try{let b={what:e.what,only:e.only};e.what==="xmp"&&(b.xmp_name=e.xmp_name),g&&(b.folder=e.folder);let _=await le("/api/export",b);o(_),O(`Wrote ${_.written} ${$||g?"to ":""}${_.where}.`)}catch(b){o({error:b.message})}r(!1)}}>
      <fieldset class="what">
        <legend>What</legend>
        ${Object.entries(ga).map(([m,[b,_]])=>c`<label key=${m} class="check">
              <input
                type="radio"
                name="what"
                value=${m}
                checked=${e.what===m}
                onChange=${()=>a({what:m})}
              /><span><b>${b}</b> <span class="dim">${_}</span></span></label
            >`)}
      </fieldset>
      <label class="field"
        ><span>Of which photographs</span
        ><select value=${e.only} onChange=${m=>a({only:m.target.value})}>
          ${Object.keys(Ts).map(m=>c`<option key=${m} value=${m} selected=${e.only===m}>${l(m)}</option>`)}
        </select></label
      >
      ${e.what==="xmp"&&c`<label class="field"
          ><span>Name of each sidecar</span
          ><select value=${e.xmp_name} onChange=${m=>a({xmp_name:m.target.value})}>
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
          <input type="text" required value=${e.folder} onInput=${m=>a({folder:m.target.value})}
        /></label>`}
      <p class="line end">
        ${$&&c`<a class="button" href=${`/api/export.${e.what}?only=${e.only}`} download>Download</a>`}
        <button type="submit" class="main" disabled=${s||M.queue.length>0}>
          ${s?"Writing…":"Write"}
        </button>
      </p>
      ${M.queue.length>0&&c`<p class="warn">${z(M.queue.length,"change")} of marks not kept yet: wait for the server.</p>`}
    </form>
    ${n&&c`<div class="answer" role="status">
        ${n.error?c`<p class="warn">${n.error}</p>`:c`<p>
                  ${`Wrote ${z(n.written,f)} ${$||g?"to ":""}`}<span class="path"
                    >${n.where}</span
                  >
                </p>
                ${n.skipped?.length>0&&c`<p>Left as they are:</p>
                    <ul class="skipped">
                      ${n.skipped.slice(0,50).map(m=>c`<li key=${m}>${m}</li>`)}
                    </ul>`}`}
      </div>`}
    <p class="dim">Nothing is ever deleted, no photograph is changed, and no file of another program is overwritten.</p>
  <//>`}var Rn=(e,t,n)=>1/(1+Math.exp((t-e)/n));function $a(e,t,n,o){let s=1-o,r=Math.sqrt(o*o+s*s+2*o*s*n);return r>0?(o*e+s*t)/r:0}var jn=e=>e.top_k.k.length+(e.whole?1:0),Un=(e,t)=>t>=e.top_k.k.length;function Bn(e,t,n=1){let o=Un(e,t),s=r=>{let a=o?e.whole[r]:e.top_k[r][t],i=o?e.whole[`${r}_to_mean`]:e.top_k[`${r}_to_mean`][t];return n>=1?a:$a(a,e.mean[r],i,n)};return Rn(s("good"),s("bad"),e.temperature)}function Ns(e){let[t,n=""]=e.method.split(/:(.*)/s),o=Object.fromEntries(n.split(",").map(i=>i.split("="))),s={mean:"mean",offset:"offset",retrieval:"top_k"}[t]??"",r=e.top_k.k,a=t==="retrieval"&&!o.top_k&&e.whole;return{kind:o.mode==="joint"?"":s,k:a?r.length:zs(r,Number(o.top_k??Math.min(16,r.length))),offset:e.offset?zs(e.offset.offset,Number(o.offset??.2)):0,blend:Number(o.blend??1)}}var Dn=(e,t)=>Rn(e.offset.good[t],e.offset.bad[t],e.temperature),In=e=>Rn(e.mean.good,e.mean.bad,e.temperature);function zs(e,t){let n=0;for(let o=1;o<e.length;o++)Math.abs(e[o]-t)<Math.abs(e[n]-t)&&(n=o);return n}var ie=1e3,Ls=(e,t)=>Math.round(Math.exp(e/ie*Math.log(t))-1),Wn=(e,t)=>t>1?Math.log(e+1)/Math.log(t)*ie:0;function qn(e,t,n,o,s,r){let a=[],i=-10;for(let h=0;h<e;h++){let f=t(h);if(f-i<ie/300&&h<e-1)continue;i=f;let l=r-(n(h)-o)/(s-o||1)*r;a.push(`${a.length?"L":"M"}${f.toFixed(1)} ${l.toFixed(1)}`)}return a.join("")}var xe=300;function js({why:e}){return e.curves?c`<${_a} why=${e} />`:c`<section class="ways">
      <p class="dim">This way to score compares no centroids, so it has no curves.</p>
    </section>`}function _a({why:e}){let{curves:t,commands:n}=e,[o]=R(()=>Ns(t)),[s,r]=R(o.kind||"top_k"),[a,i]=R(o.k),[h,f]=R(o.offset),[l,$]=R(o.blend),g=jn(t),p=C=>{r("top_k"),i(C)},m=C=>p(U=>Math.max(0,Math.min(g-1,U+C)));j(()=>{let C=U=>{U.key!=="["&&U.key!=="]"||U.target.matches("input:not([type=range], [type=radio]), textarea")||m(U.key==="]"?1:-1)};return addEventListener("keydown",C),()=>removeEventListener("keydown",C)},[t]);let b=Tt(()=>ba(t,l),[t,l]),_={mean:In(t),top_k:Bn(t,a,l),offset:t.offset&&Dn(t,h)},x=Un(t,a),y=x?"all":t.top_k.k[a],T=t.offset?.offset[h],P={mean:"mean of all",top_k:x?"all by likeness":`the ${A(y)} nearest a side`,offset:`offset ${S(T??0)}`},E=C=>C?.replace("{k}",y).replace("{offset}",String(T)).replace("{blend}",String(l)),B=`${x?"whole":"top_k"}${l<1?"_blend":""}`,q={mean:n.mean,offset:E(n.offset),top_k:E(n[B])}[s],Y={mean:o.kind==="mean",offset:o.kind==="offset"&&h===o.offset,top_k:o.kind==="top_k"&&a===o.k&&l===o.blend};return c`<section class="ways" aria-labelledby="h-ways">
    <h2 id="h-ways">Other ways to score</h2>
    <div class="number">
      <p class="score">
        <b id="way-score">${X(_[s])}</b>
        <span class="dim">${P[s]}${s==="top_k"&&l<1?`, blend ${S(l)}`:""}</span>
      </p>
    </div>
    <fieldset class="choices">
      <legend class="hidden">Way</legend>
      ${Object.keys(P).filter(C=>_[C]!==null&&_[C]!==void 0).map(C=>c`<label key=${C} class=${s===C?"line chosen":"line"}
              ><input type="radio" class="hidden" name="way" checked=${s===C} onChange=${()=>r(C)} />
              <span>${P[C]}${Y[C]?" (in force)":""}</span><b>${X(_[C])}</b></label
            >`)}
    </fieldset>
    <${Rs}
      title="Anchors a side (k)"
      kind="top_k"
      d=${b.top_k}
      drawn=${b}
      at=${Wn(a,g)}
      score=${_.top_k}
      ends=${[1,t.whole?"all":A(g)]}
      text=${`k = ${y}, score ${X(_.top_k)}`}
      onStep=${C=>p(Ls(C,g))}
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
        aria-valuetext=${`${S(l)}, score ${X(_.top_k)}`}
        onInput=${C=>{r("top_k"),$(Number(C.target.value))}}
      /><span class="line dim"><span>the mean</span><span>the nearest alone</span></span></label
    >
    ${t.offset&&c`<${Rs}
        title="Offset: share left out next to the median"
        kind="offset"
        d=${b.offset}
        drawn=${b}
        at=${h/Math.max(1,t.offset.offset.length-1)*ie}
        score=${_.offset}
        ends=${[S(t.offset.offset[0]),S(t.offset.offset.at(-1))]}
        text=${`offset = ${T}, score ${X(_.offset)}`}
        onStep=${C=>{r("offset"),f(Math.round(C/ie*(t.offset.offset.length-1)))}}
        onKey=${C=>{r("offset"),f(U=>Math.max(0,Math.min(t.offset.offset.length-1,U+C)))}}
      />`}
    <${he} text=${q} label="The command that gives this number" id="way-command" />
  </section>`}function ba(e,t){let{offset:n}=e,o=jn(e),s=n?.offset.length??0,r=[];for(let l=0;l<o;l++)r.push(Bn(e,l,t));for(let l=0;l<s;l++)r.push(Dn(e,l));r.push(In(e));let a=Math.min(...r),i=Math.max(...r),h=(a+i)/2,f=Math.max((i-a)*.55,.05);return a=Math.max(0,h-f),i=Math.min(1,h+f),{low:a,up:i,top_k:o?qn(o,l=>Wn(l,o),l=>r[l],a,i,xe):"",offset:s?qn(s,l=>l/Math.max(1,s-1)*ie,l=>r[o+l],a,i,xe):""}}function Rs({title:e,kind:t,d:n,drawn:o,at:s,score:r,ends:a,text:i,onStep:h,onKey:f}){let l=xe-(r-o.low)/(o.up-o.low)*xe,$={ArrowLeft:-1,ArrowDown:-1,ArrowRight:1,ArrowUp:1,PageDown:-10,PageUp:10},g=p=>{p.key in $&&(p.preventDefault(),f($[p.key]))};return c`<div class=${`curve ${t}`}>
    <label for=${`slide-${t}`}>${e}</label>
    <svg viewBox=${`0 0 ${ie} ${xe}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="rule" x1="0" x2=${ie} y1="0" y2="0" />
      <line class="rule" x1="0" x2=${ie} y1=${xe} y2=${xe} />
      <path d=${n} />
      <line class="cursor" x1=${s} x2=${s} y1="0" y2=${xe} />
      <line class="level" x1="0" x2=${s} y1=${l} y2=${l} />
    </svg>
    <span class="up dim">${S(o.up)}</span><span class="low dim">${S(o.low)}</span>
    <input
      type="range"
      id=${`slide-${t}`}
      min="0"
      max=${ie}
      step="any"
      value=${s}
      aria-valuetext=${i}
      onInput=${p=>h(Number(p.target.value))}
      onKeyDown=${g}
    />
    <p class="line dim"><span>${a[0]}</span><b>${i.replace(", score"," →")}</b><span>${a[1]}</span></p>
  </div>`}var Us=new Map,ya="See its score, and why it has it. The image stays on this machine. Enter on a photograph in Cull leads here, too.",ka=64*2**20;function Bs({id:e}){let[t,n]=R(""),[o,s]=R(""),[r,a]=R(!1),i=N(null),h=qt(e,0),f=d.rows.get(e),l=Us.get(e)??(f===void 0?"":d.name[f]),$=async g=>{if(g){if(g.size>ka)return s("The image is larger than 64 MB: save a smaller one.");s(""),n(g.name||"the image");try{let p=await Vn("/api/images",g);Nn(p),Us.set(p.id,g.name||"pasted image"),ve("one",p.id),O(`Score ${X(p.score)}`)}catch(p){p.gone?oe(p):s(p.message)}n("")}};return j(()=>{let g=y=>[...y?.files??[]][0],x={paste:y=>{let T=g(y.clipboardData);T&&y.preventDefault(),$(T)},drop:y=>{y.preventDefault(),a(!1),$(g(y.dataTransfer))},dragover:y=>{y.preventDefault(),a(!0)},dragleave:y=>y.relatedTarget===null&&a(!1)};for(let[y,T]of Object.entries(x))addEventListener(y,T);return()=>Object.entries(x).forEach(([y,T])=>removeEventListener(y,T))},[]),j(()=>document.getElementById("content").focus({preventScroll:!0}),[]),c`<main
    id="content"
    class=${`one ${r?"over":""} ${e===null?"start":""}`}
    tabindex="-1"
    aria-label="One image"
  >
    <section class="subject" aria-label="The image">
      ${e!==null&&c`<div class="preview"><${we} id=${e} wait=${0} alt=${l} /></div>`}
      ${l&&c`<p class="file">${l}</p>`}
      ${f!==void 0&&f===u.current&&c`<div class="doing"><${Pe} /><${Oe} /></div>`}
      <div class="drop">
        <p>${t?`Scoring ${t}…`:"Drop or paste an image anywhere, or"}</p>
        <button type="button" disabled=${!!t} onClick=${()=>i.current.click()}>Choose a file…</button>
        <input
          type="file"
          accept="image/*,.heic,.jxl,.dng,.nef,.cr2,.cr3,.arw,.raf,.rw2,.orf"
          class="hidden"
          tabindex="-1"
          aria-label="Image file"
          ref=${i}
          onChange=${g=>{$(g.target.files[0]),g.target.value=""}}
        />
      </div>
      ${o&&c`<p class="warn" role="alert">${o}</p>`}
      ${h&&c`<div class="number">
            <p class="score"><b id="score">${X(h.score)}</b> <span class="dim">${h.curves?.method}</span></p>
          </div>
          <${Ht} value=${h.opinion} low=${h.low} high=${h.high} />
          <${Ft} value=${h.familiarity} />
          <${he} text=${h.commands?.now} label="The command that gives this score" id="command" />`}
      ${e===null&&c`<p class="dim">${ya}</p>`}
    </section>
    ${h?c`<section class="neighbours" aria-label="Nearest anchors">
              <${De}
                side="good"
                list=${h.good}
                most=${12}
                pictures=${h.anchors_have_pictures}
                title="Nearest good anchors: rating · weight"
              />
              <${De}
                side="bad"
                list=${h.bad}
                most=${12}
                pictures=${h.anchors_have_pictures}
                title="Nearest bad anchors: rating · weight"
              />
              ${h.scale&&c`<p class="dim">Ratings: ${h.scale}.</p>`}
            </section>
            <${js} key=${e} why=${h} />`:e!==null&&c`<p class="empty" role="status">Asking why…</p>`}
  </main>`}var Ds={cull:"Cull",one:"One image",anchors:"Anchors",compare:"Compare",taste:"Taste"},wa={cull:Es,one:Bs,anchors:Go,compare:Ms,taste:gs};function Is(){let[e,t]=location.hash.slice(1).split("/"),n=t?d.rows.get(Number(t)):void 0;n!==void 0&&k({current:n,moved:!0}),k({view:Ds[e]?{name:e,id:t&&e==="one"?Number(t):null,ids:t?.split(",").map(Number)}:{name:"cull",id:null},large:!1,dialog:""})}function va(e){if(u.current<0||u.view.name===e)return!1;if(e==="one")ve("one",d.id[u.current]);else if(e==="compare")kn();else return!1;return!0}function Ws(){let{theme:e}=u;e==="auto"?delete document.documentElement.dataset.theme:document.documentElement.dataset.theme=e}function xa(){let{server:e,view:t}=u,n=e?.index,o=ho(),s=Ke(),r=`${z(d.n,"photograph")}${d.unlike?` · ${A(d.unlike)} unlike the anchors`:""}`;return c`<header class="top">
    <a class="skip" href="#content" onClick=${Ma}>Skip to the content</a>
    <h1>quasar-index</h1>
    ${n&&c`<p class="pill" title=${n.description}>${n.name} · ${n.method} · ${z(n.n_good+n.n_bad,"anchor")}</p>`}
    <nav aria-label="Views">
      ${Object.entries(Ds).map(([a,i])=>c`<a
            key=${a}
            href=${`#${a}`}
            aria-current=${t.name===a?"page":void 0}
            onClick=${h=>va(a)&&h.preventDefault()}
            >${i}</a
          >`)}
    </nav>
    ${o&&c`<div class="progress">
        <progress max="1" value=${o.share} aria-label="Scoring"></progress><span>${o.text}</span>
      </div>`}
    <div class="right">
      ${!o&&e&&c`<p class="pill counts">${r}</p>`}
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
        onClick=${()=>G("theme",s?"light":"dark")}
      >
        <${s?ls:is} />
      </button>
    </div>
  </header>`}function Ma(e){e.preventDefault(),(document.getElementById("grid")??document.getElementById("content")).focus()}function Sa(){let e=M.queue.length;return u.problem?c`<div class="problem" role="alert">
    <p>
      ${u.problem}${e?` ${z(e,"change")} of marks ${e===1?"is":"are"} not kept yet.`:""}
    </p>
    <button type="button" onClick=${()=>k({problem:""})}>Dismiss</button>
  </div>`:null}var Ca={cull:[["move","←","→"],["pick","P"],["reject","X"],["undo","U"],["stars","1","–","5"],["large","Space"],["burst","B"],["why","Enter"],["all keys","?"]],one:[["move","←","→"],["pick","P"],["reject","X"],["anchors a side","[","]"],["back","Esc"],["all keys","?"]],anchors:[["lasso or move","L"],["zoom","+","−"],["the whole map","Home"],["back","Esc"],["all keys","?"]],compare:[["the one beside","←","→"],["next candidate","↓"],["pick","P"],["reject","X"],["zoom","+","−"],["every pixel","Z"],["back","Esc"],["all keys","?"]],taste:[["stars","1","–","5"],["left, right","←","→"],["pass over","S"],["take back","U"],["back","Esc"],["all keys","?"]]};function Ea(){let e=(t,...n)=>c`<span>${n.map(o=>o==="–"?"–":c`<kbd>${o}</kbd>`)} ${t}</span>`;return c`<footer>
    <p class="hints">${Ca[u.view.name].map(([t,...n])=>e(t,...n))}</p>
    <p class="store">
      Nothing is ever
      deleted${u.server&&c` · marks are kept in <span class="path">${u.server.store}</span>`}
    </p>
  </footer>`}function Ta(){let[,e]=ye(t=>t+1,0);return j(()=>ro(e),[]),j(Ws,[u.theme]),c`<${xa} /><${Sa} />
    <${wa[u.view.name]} id=${u.view.id} />
    <${Ea} />
    ${u.dialog==="keys"&&c`<${Ps} />`} ${u.dialog==="export"&&c`<${Os} />`}
    <p class="hidden" role="status" aria-live="polite" id="said">${u.said}</p>`}Ws();Is();addEventListener("hashchange",Is);addEventListener("keydown",ws);matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>k());addEventListener("beforeunload",e=>M.queue.length&&e.preventDefault());hn(c`<${Ta} />`,document.getElementById("app"));po();
