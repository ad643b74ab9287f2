var Kt=function(e,t,n,o){var s;t[0]=0;for(var r=1;r<t.length;r++){var a=t[r++],i=t[r]?(t[0]|=a?1:2,n[t[r++]]):t[++r];a===3?o[0]=i:a===4?o[1]=Object.assign(o[1]||{},i):a===5?(o[1]=o[1]||{})[t[++r]]=i:a===6?o[1][t[++r]]+=i+"":a?(s=e.apply(i,Kt(e,i,n,["",null])),o.push(s),i[0]?t[0]|=2:(t[r-2]=0,t[r]=s)):o.push(i)}return o},Ft=new Map;function Xt(e){var t=Ft.get(this);return t||(t=new Map,Ft.set(this,t)),(t=Kt(this,t.get(e)||(t.set(e,t=(function(n){for(var o,s,r=1,a="",i="",f=[0],_=function(m){r===1&&(m||(a=a.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?f.push(0,m,a):r===3&&(m||a)?(f.push(3,m,a),r=2):r===2&&a==="..."&&m?f.push(4,m,0):r===2&&a&&!m?f.push(5,0,!0,a):r>=5&&((a||!m&&r===5)&&(f.push(r,0,a,s),r=6),m&&(f.push(r,m,0,s),r=6)),a=""},l=0;l<n.length;l++){l&&(r===1&&_(),_(l));for(var $=0;$<n[l].length;$++)o=n[l][$],r===1?o==="<"?(_(),f=[f],r=3):a+=o:r===4?a==="--"&&o===">"?(r=1,a=""):a=o+a[0]:i?o===i?i="":a+=o:o==='"'||o==="'"?i=o:o===">"?(_(),r=1):r&&(o==="="?(r=5,s=a,a=""):o==="/"&&(r<5||n[l][$+1]===">")?(_(),r===3&&(f=f[0]),r=f,(f=f[0]).push(2,0,r),r=0):o===" "||o==="	"||o===`
`||o==="\r"?(_(),r=2):a+=o),r===3&&a==="!--"&&(r=4,f=f[0])}return _(),f})(e)),t),arguments,[])).length>1?t:t[0]}var E,Yt,Mo,oe,ct,We,Zt,Re,Jt,pt,ut,Co,Se=Symbol.for("pv"),Fe={},Ke=[],So=/^m(i|n|o|s|text|space)$/,ft=Array.isArray,dt=Ke.slice,fe=Object.assign;function pe(e){e&&e.parentNode&&e.remove()}function Qt(e,t,n){var o,s,r,a={},i=arguments.length;for(r in t)r=="key"?o=t[r]:r=="ref"&&typeof e!="function"?s=t[r]:a[r]=t[r];return i>2&&(a.children=i>3?dt.call(arguments,2):n),Ce(e,a,o,s,null)}function Ce(e,t,n,o,s){var r={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Se,__v:s||++Yt,__i:-1,__u:0};return!s&&E.vnode&&E.vnode(r),r}function Xe(e){return e.children}function _e(e,t){this.props=e,this.context=t,this.__g=0}function re(e,t){if(t==null)return e.__&&re(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:re(e)}function Eo(e){var t,n=e.__v,o=n.__e,s=[],r=[],a=e.__P;a&&((t=fe({constructor:Se},n)).__v=n.__v+1,E.vnode&&E.vnode(t),ht(a,t,n,e.__n,a.namespaceURI,32&n.__u?[o]:null,s,o||re(n),32&n.__u,r),t.__v=n.__v,t.__.__k[t.__i]=t,sn(s,t,r),n.__=n.__e=null,t.__e!=o&&en(t))}function en(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),en(e)}function Vt(e){(8&e.__g||(e.__g|=8,oe.push(e),We++))&&ct==E.debounceRendering||((ct=E.debounceRendering)||queueMicrotask)(tn)}function tn(){try{for(var e,t=1;oe.length;)oe.length>t&&oe.sort(Zt),e=oe.shift(),t=oe.length,8&e.__g&&Eo(e)}finally{(We=oe.length)&&(ct||queueMicrotask)(tn)}}function nn(e,t,n,o,s,r,a,i,f,_,l){var $,m,u,d,b,g,w=o.__k||Ke,k=t.length;for(f=Oo(n,t,w,f,k),$=0;$<k;$++)(u=n.__k[$])!=null&&(m=~u.__i&&w[u.__i]||Fe,u.__i=$,g=ht(e,u,m,s,r,a,i,f,_,l),d=u.__e,(m.ref!=u.ref||8&m.__u)&&(m.ref&&mt(m.ref,null,u,m),u.ref&&l.push(u.ref,u.__c||d,u)),b=b||d,4&u.__u?(f=on(u,f,e,!m.__v),m.__e&&(m.__e=null)):typeof u.type=="function"&&g!==void 0?f=g:d&&(f=d.nextSibling),u.__u&=-21);return n.__e=b,f}function Oo(e,t,n,o,s){var r,a,i,f,_,l,$,m,u,d=n.length,b=d,g=0,w=0,k=e.__k=Array(s);for(r=0;r<s;r++)(a=t[r])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=k[r]=Ce(null,a):ft(a)?a=k[r]=Ce(Xe,{children:a}):a.constructor===Se&&a.__b?a=k[r]=Ce(a.type,a.props,a.key,a.ref,a.__v):k[r]=a,f=r+g,a.__=e,a.__b=e.__b+1,i=null,~(_=a.__i=Po(a,n,f,b))&&(b--,(i=n[_])&&(i.__u|=2)),i&&i.__v?(a.__u|=16,_==f-1?g--:_==f+1?g++:_!=f&&(_>f?g--:g++,w=1)):(~_||(s>d?g--:s<d&&g++),typeof a.type!="function"&&(a.__u|=4))):k[r]=null;if(w){for(l=[],$=[],r=0;r<s;r++)if((a=k[r])&&16&a.__u){for(g=0,m=l.length;g<m;)l[u=g+m>>1]<a.__i?g=u+1:m=u;l[g]=a.__i,$[r]=g+1}for(g=l.length;r--;)$[r]&&($[r]==g?g--:k[r].__u|=4)}if(b)for(r=0;r<d;r++)!(i=n[r])||2&i.__u||(i.__e==o&&(o=re(i)),_t(i,i));return o}function on(e,t,n,o){var s,r,a,i;if(typeof e.type=="function"){if(e.props.__P)return t;if(s=e.__k)for(r=0;r<s.length;r++)s[r]&&(s[r].__=e,t=on(s[r],t,n,!1));return t}for(t&&!t.parentNode&&(t=re(e))&&!t.parentNode&&(t=null),a=e.__e,i=t;i&&i.nodeType==8;)i=i.nextSibling;for(a!=i&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,t):n.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function Po(e,t,n,o){var s,r=e.key,a=e.type,i=t[n],f=i&&!(2&i.__u);if(i===null&&r==null||f&&r==i.key&&a==i.type)return n;if(o>(f?1:0)){for(s=n-1;s>=0;s--)if((i=t[s])&&!(2&i.__u)&&r==i.key&&a==i.type)return s;for(s=n+1;s<t.length;s++)if((i=t[s])&&!(2&i.__u)&&r==i.key&&a==i.type)return s}return-1}function Gt(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function qe(e,t,n,o,s){var r,a;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||Gt(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||Gt(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(a=ut[t]||(ut[t]=To(t)),(e.__a||(e.__a={}))[t]=pt,r=t!=(t=t.replace(Jt,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,a,r):e.removeEventListener(t,a,r));else{if(s=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function To(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[Re]==null)t[Re]=pt++;else if(t[Re]<this.__a[e])return;return n(E.event?E.event(t):t)}}}function ht(e,t,n,o,s,r,a,i,f,_){var l,$,m,u,d,b,g,w,k,C,S,x,T,q,R,v,P,X,F=t.type;if(t.constructor!==Se)return null;128&n.__u&&(f=32&n.__u,l=n.__c.__z)&&(t.__u|=f,$=r=[],l.nodeType==8?i=He(l,r):r.push(l),i=r[0]||i),(l=E.__b)&&l(t);e:if(typeof F=="function"){m=a.length;try{if(w=t.props,k=(l=F.prototype)&&l.render,C=(l=F.contextType)&&o[l.__c],S=l?C?C.props.value:l.__:o,(u=n.__c)?(t.__c=u,2&u.__g&&(u.__g|=1)):(k?t.__c=u=new F(w,S):(t.__c=u=new _e(w,S),u.constructor=F,u.render=jo),C&&C.sub(u),u.state||(u.state={}),u.__n=o,u.__g|=8,u.__h=[],u.__k=[]),k&&(u.__s||(u.__s=u.state),F.getDerivedStateFromProps&&(u.__s==u.state&&(u.__s=fe({},u.__s)),fe(u.__s,F.getDerivedStateFromProps(w,u.__s)))),d=u.props,b=u.state,u.__v=t,n.__c){if(w!==d&&k&&!F.getDerivedStateFromProps&&u.componentWillReceiveProps&&u.componentWillReceiveProps(w,S),t.__v==n.__v&&!(8&u.__g)||!(4&u.__g)&&u.shouldComponentUpdate&&u.shouldComponentUpdate(w,u.__s,S)===!1){t.__v!=n.__v&&(u.props=w,u.state=u.__s,u.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(V){V&&(V.__=t)}),Ke.push.apply(u.__h,u.__k),u.__k=[],u.__h.length&&a.push(u),i=re(n);break e}u.componentWillUpdate&&u.componentWillUpdate(w,u.__s,S),k&&u.componentDidUpdate&&u.__h.push(function(){u.componentDidUpdate(d,b,g)})}else k&&!F.getDerivedStateFromProps&&u.componentWillMount&&u.componentWillMount(),k&&u.componentDidMount&&u.__h.push(u.componentDidMount);u.context=S,u.props=w,u.__P=e,u.__g&=-5,x=E.__r,T=k?25:0;do u.__g&=-9,x&&x(t),l=u.render(u.props,u.state=u.__s,u.context);while(8&u.__g&&++T<25);k&&(Ke.push.apply(u.__h,u.__k),u.__k=[]),u.state=u.__s,u.getChildContext&&(o=fe({},o,u.getChildContext())),k&&n.__c&&u.getSnapshotBeforeUpdate&&(g=u.getSnapshotBeforeUpdate(d,b)),q=l&&l.type===Xe&&l.key==null?l.props.children:l,w.__P&&(l=i,s=(e=w.__P).namespaceURI,f=r=null,n.props&&n.props.__P!=e&&(n.__k.some(function(V){V&&_t(V,V)}),n.__k=null),i=n.__k?re(n,0):null),i=nn(e,ft(q)?q:[q],t,n,o,s,r,a,i,f,_),w.__P&&(t.__e=null,i=l),t.__u&=-161,$&&$.some(pe),u.__h.length&&a.push(u),1&u.__g&&(u.__g&=-4)}catch(V){if(a.length=m,t.__v=null,f||r)if(V&&V.then){if(t.__u|=128|f,r){for(~(P=r.indexOf(i||void 0))||(P=r.length);(X=r[P-1])&&X.nodeType==8;)P--;for(;P<r.length;P++)if(X=r[P])if(r[P]=null,R){if(X==v)break}else{if(X.nodeType!=8)break;X.data.startsWith("$s")&&(v=He(R=X))}}if(!R){for(;i&&i.nodeType==8&&i.nextSibling;)i=i.nextSibling;R=i}(l=He(R=t.__c.__z||(t.__c.__z=R)))?(t.__e=R,i=l):t.__e=i,i=i&&i.nextSibling}else r&&r.some(pe);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),V&&V.then||rn(t),E.__e(V,t,n)}}else i=t.__e=No(n.__e,t,n,o,s,r,a,f,_,e);return(l=E.diffed)&&l(t),i}function He(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function rn(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(rn))}function sn(e,t,n){for(var o=0;o<n.length;)mt(n[o++],n[o++],n[o++]);E.__c&&E.__c(t,e),e.some(function(s){try{e=s.__h,s.__h=[],e.some(function(r){r.call(s)})}catch(r){E.__e(r,s.__v)}})}function No(e,t,n,o,s,r,a,i,f,_){var l,$,m,u,d,b,g,w,k=n.props||Fe,C=t.props,S=t.type;if(S=="svg"?s="http://www.w3.org/2000/svg":S=="math"?s="http://www.w3.org/1998/Math/MathML":s||(s="http://www.w3.org/1999/xhtml"),r){for(l=0;l<r.length;l++)if((d=r[l])&&(S?d.localName==S:d.nodeType==3)){e=d,r[l]=null;break}}if(!e){if(w=_.ownerDocument||document,!S)return w.createTextNode(C);e=w.createElementNS(s,S,C.is?C:_),i&&(E.__m&&E.__m(t,r),i=!1),r=null}if(S){if(_=S=="template"&&e.content||e,r=S=="textarea"&&C.defaultValue!=null?null:r&&dt.call(_.childNodes),!i&&r)for(k={},l=0;l<e.attributes.length;l++)k[(d=e.attributes[l]).name]=d.value;for(l in k)d=k[l],l=="dangerouslySetInnerHTML"?m=d:l=="children"||l in C||l=="value"&&"defaultValue"in C||l=="checked"&&"defaultChecked"in C||qe(e,l,null,d,s);for(l in C)d=C[l],l=="children"?u=d:l=="dangerouslySetInnerHTML"?$=d:l=="value"?b=d:l=="checked"?g=d:i&&typeof d!="function"||k[l]===d||qe(e,l,d,k[l],s);$?(i||m&&($.__html==m.__html||$.__html==e.innerHTML)||(e.innerHTML=$.__html),t.__k=[]):(m&&(e.textContent=""),(S=="foreignObject"||s=="http://www.w3.org/1998/Math/MathML"&&So.test(S))&&(s="http://www.w3.org/1999/xhtml"),nn(_,ft(u)?u:[u],t,n,o,s,r,a,r?r[0]:n.__k&&re(n,0),i,f),r&&r.some(pe)),i&&S!="textarea"||(l="value",S=="progress"&&b==null?e.removeAttribute(l):b==null||b===e[l]&&(S!="progress"||b)||qe(e,l,b,k[l],s),l="checked",g!=null&&g!=e[l]&&qe(e,l,g,k[l],s))}else k===C||i&&e.data==C||(e.data=C);return e}function mt(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(s){E.__e(s,n)}}function _t(e,t,n){var o,s,r,a;if(E.unmount&&E.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||mt(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(i){E.__e(i,t)}o.__P=o.__n=null}if(o=e.__k)for(a=0;a<o.length;a++)o[a]&&_t(o[a],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(s=He(o,r=[]))&&(o==e.__e&&r.some(pe),pe(s),pe(o)),n||pe(e.__e),e.__e=e.__c=e.__=null}function jo(e,t,n){return this.constructor(e,n)}function gt(e,t){var n,o,s,r;E.__&&E.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=Ce(Xe,{children:[e]}),s=[],r=[],ht(t,t.__k,o||Fe,Fe,t.namespaceURI,o?null:t.firstChild?dt.call(t.childNodes):null,s,o?o.__e:t.firstChild,n,r),sn(s,t.__k,r),t.__k.props.children=null}E={__e:function(e,t,n,o){for(var s,r,a;t=t.__;)if((s=t.__c)&&!(1&s.__g)){s.__g|=4;try{if((a=(r=s.constructor)&&r.getDerivedStateFromError)&&s.setState(r.getDerivedStateFromError(e)),s.componentDidCatch&&(s.componentDidCatch(e,o||{}),a=1),a&&8&s.__g)return void(s.__g|=2)}catch(i){e=i}}throw We=0,e}},Yt=0,Mo=function(e){return e!=null&&e.constructor===Se},_e.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=fe({},this.state)),typeof e=="function"&&(e=e(fe({},n),this.props)),e&&(fe(n,e),this.__v&&(t&&this.__k.push(t),Vt(this)))},_e.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),Vt(this))},_e.prototype.render=Xe,oe=[],We=0,Zt=function(e,t){return e.__v.__b-t.__v.__b},Re=Symbol(),Jt=/(PointerCapture)$|Capture$/i,pt=0,ut={},Co=0;var ge,L,$t,an,bt=Object.is,Ve=0,_n=[],kt=[],j=E,ln=j.__b,cn=j.__r,un=j.diffed,pn=j.__c,fn=j.unmount,dn=j.__;function Ge(e,t){j.__h&&j.__h(L,e,Ve||t),Ve=0;var n=L.__H||(L.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function A(e){return Ve=1,$e(gn,e)}function $e(e,t,n){var o=Ge(ge++,2);if(o.t=e,!o.__c&&(o.__=[n?n(t):gn(void 0,t),function(r){var a=(o.__N||o.__)[0],i=o.t(a,r);bt(a,i)||(o.__N=[i,o.__[1]],o.__c.setState({}))}],o.__c=L,!L.__f)){L.__f=!0;var s=L.shouldComponentUpdate;L.shouldComponentUpdate=function(r,a,i){var f=this.__H;if(!f)return!0;var _=!1,l=this.props!=r;if(f.__.some(function(m){m.__N&&(_=!0,bt(m.__[0],m.__N[0])||(l=!0))}),s){var $=s.call(this,r,a,i);return _?$||l:$}return!_||l}}return o.__}function z(e,t){var n=Ge(ge++,3);!j.__s&&wt(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,L.__H.__h.push(n))}function Q(e,t){var n=Ge(ge++,4);!j.__s&&wt(n.__H,t)&&(n.__P=!1,n.__=e,n.u=t,L.__h.push(n))}function D(e){return Ve=5,Ye(function(){return{current:e}},[])}function Ye(e,t){var n=Ge(ge++,7);return wt(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function Lo(){var e;do{for(;e=kt.shift();)try{Ee(e)}catch(n){j.__e(n,{__:(e=e.__P)&&e.__v})}for(;e=_n.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(Ee),t.__h.some(yt),t.__h=[]}catch(n){t.__h=[],j.__e(n,e.__v)}}}while(kt.length)}j.__b=function(e){L=null,ln&&ln(e)},j.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),dn&&dn(e,t)},j.__r=function(e){cn&&cn(e),ge=0;var t=(L=e.__c).__H;t&&($t==L?L.__h=[]:(t.__h.some(Ee),t.__h.some(yt),ge=0),t.__h=[],t.__.some(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})),$t=L},j.diffed=function(e){un&&un(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&mn(_n.push(t)),t.__H.__.some(function(n){n.u&&(n.__H=n.u)})),$t=L=null},j.__c=function(e,t){t.some(function(n){try{n.__h.some(Ee),n.__h=n.__h.filter(function(o){return!o.__||yt(o)})}catch(o){n.__h=[function(){throw o}]}}),pn&&pn(e,t)},j.unmount=function(e){fn&&fn(e);var t,n,o=e.__c;o&&o.__H&&(o.__H.__.some(function(s){try{if(s.__P&&s.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n=n&&n.__c}s.__P=n,mn(kt.push(s))}else Ee(s)}catch(r){t=r}}),o.__H=void 0,t&&j.__e(t,o.__v))};var hn=typeof requestAnimationFrame=="function";function Ao(e){var t,n=function(){clearTimeout(o),hn&&cancelAnimationFrame(t),setTimeout(e)},o=setTimeout(n,35);hn&&(t=requestAnimationFrame(n))}function mn(e){e!=1&&an==j.requestAnimationFrame||((an=j.requestAnimationFrame)||Ao)(Lo)}function Ee(e){var t=L,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),L=t}function yt(e){var t=L;e.__c=e.__(),L=t}function wt(e,t){return!e||e.length!=t.length||t.some(function(n,o){return!bt(n,e[o])})}function gn(e,t){return typeof t=="function"?t(e):t}var p=Xt.bind(Qt);function $n(e){return class extends _e{shouldComponentUpdate(t){let n=this.props;for(let o in t)if(t[o]!==n[o])return!0;return!1}render(t){return e(t)}}}var H=(e,t=!1)=>n=>p`<svg
      class=${t?"icon fill":"icon"}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
      ...${n}
    >
      <path d=${e} />
    </svg>`,Ze=H("M3 8.5 6.5 12 13 4.5"),se=H("M4 4l8 8M12 4l-8 8"),Je=H("M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z",!0),bn=H("M3 5.5h8v7H3zM5.5 5.5v-2.5h7.5v7h-2"),kn=H("M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10M8 12.5v.5"),yn=H("M10 3 5 8l5 5"),wn=H("M6 3l5 5-5 5"),vn=H("M3 10l5-5 5 5"),xn=H("M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14M7 5v4M5 7h4"),Mn=H("M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6"),Cn=H("M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z"),Sn=H("M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"),En=H("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"),On=H("M2 4h12M4.5 8h7M6.5 12h3");var Pn=["id","name","folder","score","familiarity","opinion","low","high","taken","width","height","burst","error"];var Oe=class{constructor(){this.n=0,this.version=0,this.rows=new Map,this.scored=0,this.unlike=0,this.broken=0,this.bursts=new Map;for(let t of Pn)this[t]=[]}append(t){let n=[];for(let o=0;o<t.id.length;o++){if(this.rows.has(t.id[o]))continue;n.push(o),this.rows.set(t.id[o],this.n);for(let r of Pn)this[r].push(t[r]?.[o]??null);this.error[this.n]||this.score[this.n]===null?this.broken+=1:this.scored+=1;let s=this.familiarity[this.n];s!==null&&s<.05&&(this.unlike+=1),this.n+=1}return n.length&&(this.version+=1),n}group(t){for(let o=0;o<this.n;o++)this.burst[o]=t[this.id[o]];let n=new Map;for(let o=0;o<this.n;o++){let s=this.burst[o];s!=null&&(n.has(s)?n.get(s).push(o):n.set(s,[o]))}this.bursts=new Map([...n].filter(([,o])=>o.length>1));for(let o of this.bursts.values())o.sort((s,r)=>(this.score[r]??-1)-(this.score[s]??-1)||s-r);this.version+=1}burstOf(t){return this.bursts.get(this.burst[t])??[]}file(t){let n=this.name[t]??"";return n.slice(n.lastIndexOf("/")+1)}};var Qe={best:"score, best first",worst:"score, worst first",name:"name",time:"time taken",strange:"least familiar first"},et={all:"All",pick:"Picks",reject:"Rejects",none:"Undecided",stars:"With stars",burst:"Bursts",unlike:"Unlike the anchors",broken:"Not scored"};function vt(e,t,n){let o=new Float64Array(e);for(let r=0;r<e;r++){let a=t[r];o[r]=a==null?1/0:n*a}let s=new Uint32Array(e);for(let r=0;r<e;r++)s[r]=r;return s.sort((r,a)=>o[r]<o[a]?-1:o[r]>o[a]?1:r-a)}var Do=e=>e.toLowerCase().replace(/\d+/g,t=>t.padStart(12,"0"));function xt(e,t){let n=e.n;if(t==="name"){let o=e.name.map(Do),s=Uint32Array.from({length:n},(a,i)=>i),r=(a,i)=>o[a]<o[i]?-1:o[a]>o[i]?1:a-i;return s.sort((a,i)=>e.folder[a]-e.folder[i]||r(a,i))}return t==="time"?vt(n,e.taken,1):t==="strange"?vt(n,e.familiarity,1):vt(n,e.score,t==="worst"?1:-1)}function Uo(e,t,n){let o=s=>t.of(e.id[s]);return{all:()=>!0,pick:s=>o(s).mark==="pick",reject:s=>o(s).mark==="reject",none:s=>o(s).mark===""&&!G(e,s),stars:s=>o(s).stars>0,burst:s=>e.burstOf(s).length>1,unlike:s=>e.familiarity[s]!==null&&e.familiarity[s]<.05,broken:s=>G(e,s)}[n]}var G=(e,t)=>!!e.error[t]||e.score[t]===null;function Tn(e,t,n,{show:o,low:s,high:r,query:a,fold:i,open:f}){let _=Uo(t,n,o),l=a.trim().toLowerCase(),$=[],m=i&&t.bursts.size>0,u=new Map,d=b=>{let g=t.score[b];return s!==null&&!(g!==null&&g>=s)||r!==null&&!(g!==null&&g<=r)||l&&!(t.name[b]??"").toLowerCase().includes(l)?!1:_(b)};for(let b of e)if(d(b)){if(m){let g=t.burstOf(b);if(g.length>1){let w=t.burst[b];u.has(w)||u.set(w,g.find(d));let k=u.get(w);if(f.has(w)){b===k&&$.push(...g.filter(d));continue}if(b!==k)continue}}$.push(b)}return Uint32Array.from($)}function Nn(e,t,n,o,s){let r=new Set,a=new Set;for(let i of e){if(r.size>=o)break;if(!(G(t,i)||n.of(t.id[i]).mark==="reject")){if(s&&t.burstOf(i).length>1){if(a.has(t.burst[i]))continue;a.add(t.burst[i])}r.add(i)}}return r}function jn(e,t){let n=1/0,o=-1/0;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(i<n&&(n=i),i>o&&(o=i))}let s=new Uint32Array(t);if(n>o)return{low:0,high:1,counts:s};let r=(o-n)/t||1;for(let a=0;a<e.n;a++){let i=e.score[a];i!==null&&(s[Math.min(t-1,Math.floor((i-n)/r))]+=1)}return{low:n,high:o,counts:s}}var Te="";function Ln(e){Te=e?`run=${encodeURIComponent(e)}`:""}var zo=12,ae=new Map;function tt(e,t=1600){let n=An(e,t),o=ae.get(n);if(o&&!o.failed)return ae.delete(n),ae.set(n,o),o;o=new Image,o.decoding="async",o.alt="",o.draggable=!1,o.src=n,o.ready=o.decode().then(()=>o.done=!0,()=>o.failed=!0),ae.set(n,o);for(let[s,r]of ae){if(ae.size<=zo)break;r.isConnected||ae.delete(s)}return o}var An=(e,t)=>`/photo/${e}?side=${t}${Te&&`&${Te}`}`,Dn=(e,t=1600)=>!!ae.get(An(e,t))?.done,Ne=e=>`/thumb/${e}${Te&&`?${Te}`}`;var de=class extends Error{constructor(t,{gone:n=!1,status:o=0}={}){super(t),this.gone=n,this.status=o}},Un="The server has stopped: run the command again.",Io="This page is not known to the server any more: open the address that the command printed.",zn="";function Mt(e){zn=e??""}async function Ct(e,t){let n;try{n=await fetch(e,{credentials:"same-origin",cache:"no-store",...t})}catch(r){throw r.name==="AbortError"?r:new de(Un,{gone:!0})}let o=null;try{o=await n.json()}catch(r){if(r.name==="AbortError")throw r;if(n.ok)throw new de(Un,{gone:!0})}if(n.ok)return o;let s=n.status;throw s===401||s===403?new de(Io,{gone:!0,status:s}):s===409?new de("The command was started again: this page loads anew.",{gone:!0,status:s}):new de(o?.error??`The server answered ${s}.`,{status:s})}var ee=(e,t)=>Ct(e,{signal:t}),je=(e,t)=>Ct(e,{method:"POST",headers:{"Content-Type":"application/json","X-Run":zn},body:JSON.stringify(t)}),In=(e,t)=>Ct(e,{method:"POST",headers:{"Content-Type":t.type||"application/octet-stream","X-Name":encodeURIComponent(t.name??"")},body:t}),be=e=>new Promise(t=>setTimeout(t,e));var Bo=Object.freeze({mark:"",stars:0}),nt=class{constructor(t){this.on=t,this.states=new Map,this.queue=[],this.busy=!1,this.version=0,this.counts={pick:0,reject:0,stars:0},this.unkept=new Set}of(t){return this.states.get(t)??Bo}isKept(t){return!this.unkept.has(t)}async load(){this._take((await ee("/api/marks")).marks,!0)}arrive(t,n){let o=!1;for(let s of n){let r=t.id[s];!t.mark?.[s]&&!t.stars?.[s]||this.unkept.has(r)||(this.states.set(r,{mark:t.mark[s],stars:t.stars[s]}),o=!0)}o&&this._changed()}waitingFor(t){return this.queue.filter(n=>n.before).map(({ids:n,body:o})=>({names:n.map(t),body:o}))}async resend(t,n){for(let{names:o,body:s}of t){let r=o.map(a=>n.get(a)).filter(a=>a!==void 0);r.length&&await je("/api/marks",{...s,ids:r})}}set(t,n){let o=t.map(s=>[s,this.of(s)]);for(let s of t)this.states.set(s,{...this.of(s),...n});this.queue.push({path:"/api/marks",body:{ids:t,...n},ids:t,before:o}),this._changed(),this._pump()}undo(){let t=this.queue.at(-1);if(t?.before&&!(this.busy&&this.queue.length===1&&!this.waiting)){this.queue.pop();for(let[n,o]of t.before)this.states.set(n,o);this._changed(),this.on.undone(t.ids);return}this.queue.push({path:"/api/undo",body:{},ids:[],before:null}),this._pump()}async _pump(){if(!this.busy){for(this.busy=!0;this.queue.length;){let t=this.queue[0];try{let{marks:n}=await je(t.path,t.body);this._done(t);let o=new Set(this.queue.flatMap(s=>s.ids));this._take(Object.fromEntries(Object.entries(n??{}).filter(([s])=>!o.has(Number(s)))),!1),t.path==="/api/undo"&&this.on.undone(Object.keys(n??{}).map(Number))}catch(n){if(this.on.failed(n),n.gone){for(this.waiting=!0;!this.on.isBack();)await be(300);this.waiting=!1;continue}this._done(t);try{await this.load()}catch{}}}this.busy=!1,this._changed()}}_done(t){let n=this.queue.indexOf(t);n>=0&&this.queue.splice(n,1)}_take(t,n){n&&(this.states=new Map);for(let[o,{mark:s,stars:r}]of Object.entries(t??{}))this.states.set(Number(o),{mark:s??"",stars:r??0});if(n)for(let o of this.queue)this._again(o);this._changed()}_again({ids:t,body:n}){let{mark:o,stars:s}=n;for(let r of t)this.states.set(r,{mark:o??this.of(r).mark,stars:s??this.of(r).stars})}_changed(){let t={pick:0,reject:0,stars:0};for(let{mark:n,stars:o}of this.states.values())n&&(t[n]+=1),o&&(t.stars+=1);this.counts=t,this.unkept=new Set(this.queue.flatMap(n=>n.ids)),this.version+=1,this.on.changed()}};var O=e=>e==null?"–":e.toFixed(2),W=e=>e==null?"–":e.toFixed(4),ke=e=>e==null?"–":e.toFixed(1),qo=new Intl.NumberFormat("en"),N=e=>qo.format(e),I=(e,t)=>`${N(e)} ${t}${e===1?"":"s"}`;function Bn(e){let t={one:"st",two:"nd",few:"rd",other:"th"}[Ro.select(e)];return`${N(e)}${t}`}var Ro=new Intl.PluralRules("en",{type:"ordinal"});function qn(e){return e>=1?e<60?`${Math.round(e)} s`:e<3600?`${Math.floor(e/60)} min ${Math.round(e%60)} s`:`${Math.floor(e/3600)} h ${Math.round(e%3600/60)} min`:"a moment"}function Rn(e){return e==null?"":e<.05?"Unlike all anchors: the score says little, judge yourself.":e<.25?"Not much like the anchors: take the score with care.":"Like the anchors: the score stands on known ground."}var Ho=new Intl.DateTimeFormat("en",{dateStyle:"medium",timeStyle:"short",timeZone:"UTC"}),Hn=e=>e==null?"":Ho.format(new Date(e*1e3)),St=e=>e?I(e,"star"):"no stars";var ie=32,Wo=500;function ye(e,t){try{return JSON.parse(localStorage.getItem(`explorer.${e}`))??t}catch{return t}}function Y(e,t){c[e]=t;try{localStorage.setItem(`explorer.${e}`,JSON.stringify(t))}catch{}y()}var h=new Oe,c={server:null,order:"best",show:"all",low:null,high:null,query:"",open:new Set,current:-1,moved:!1,keep:0,large:!1,zoomed:!1,dialog:"",filters:!1,details:!1,problem:"",gone:!1,said:"",view:{name:"cull",id:null},fold:ye("fold",!0),single:ye("single",!0),advance:ye("advance",!1),size:ye("size",innerWidth>=1900?230:190),theme:ye("theme","auto"),letters:ye("letters",!0)},Nt=new Set,Et=!1;function y(e){e&&Object.assign(c,e),!Et&&(Et=!0,queueMicrotask(()=>{Et=!1,Jo();for(let t of Nt)t()}))}function Wn(e){return Nt.add(e),()=>Nt.delete(e)}function B(e){y({said:e===c.said?`${e} `:e})}function he(e){e.name!=="AbortError"&&(y({problem:e.message,gone:e.gone||c.gone}),e.gone&&tr())}var M=new nt({changed:()=>y(),failed:he,isBack:()=>!c.gone,undone(e){if(!e.length)return B("Nothing to undo.");let t=h.rows.get(e[0]);t!==void 0&&U().where.has(t)&&te(t),B(e.length===1&&t!==void 0?`Undone: ${h.file(t)} ${jt(t)}`:`Undone for ${I(e.length,"photograph")}.`)}});function me(e){let t=null,n;return(...o)=>((!t||o.some((s,r)=>s!==t[r]))&&(t=o,n=e(...o)),n)}var Fo=me((e,t)=>xt(h,t)),Fn=me(()=>xt(h,"best")),Ko=me(e=>{let t=new Uint32Array(h.n);return Fn(e).forEach((n,o)=>t[n]=o+1),t}),Xo=me(e=>{let t=new Map;return e.forEach((n,o)=>t.set(n,o)),t}),Vo=me((e,t,n,o,s,r,a,i)=>Tn(e,h,M,{show:n,low:o,high:s,query:r,fold:a,open:i})),rt=()=>Go(h.version),Go=me(()=>jn(h,ie)),Yo=me((e,t,n,o)=>Nn(Fn(e),h,M,n,o)),Zo=new Set(["pick","reject","none","stars"]);function U(){let e=Fo(h.version,c.order),t=Zo.has(c.show)?M.version:-1,n=Vo(e,t,c.show,c.low,c.high,c.query,c.fold,c.open),o=c.keep?Yo(h.version,M.version,c.keep,c.single):new Set;return{rows:n,where:Xo(n),proposed:o}}var Kn=e=>Ko(h.version)[e];function Le(){let{pick:e,reject:t,stars:n}=M.counts,o=0;for(let s of h.bursts.values())o+=s.length;return{all:h.n,pick:e,reject:t,none:Math.max(0,h.scored-e-t),stars:n,burst:o,unlike:h.unlike,broken:h.broken}}function jt(e){let{mark:t,stars:n}=M.of(h.id[e]),o=[G(h,e)?"not scored":`score ${O(h.score[e])}`];o.push({pick:"pick",reject:"reject","":"undecided"}[t]),n&&o.push(St(n));let s=h.burstOf(e).length;return s&&o.push(`one of a burst of ${s}`),o.join(", ")}function te(e){y({current:e,moved:!0}),c.view.name==="one"&&(c.view={name:"one",id:h.id[e]},location.hash=`#one/${h.id[e]}`)}function le(e){let{rows:t,where:n}=U();if(!t.length)return;let o=n.get(c.current)??ot;te(t[Math.max(0,Math.min(t.length-1,o+e))])}var ot=0;function Jo(){if(!h.n)return;let{rows:e,where:t}=U();if(!c.moved&&e.length&&(c.current=e[0]),e.length&&!t.has(c.current)&&c.view.name==="cull"){let n=c.current<0?void 0:h.burstOf(c.current).find(o=>t.has(o));c.current=n??e[Math.min(e.length-1,ot)]}ot=t.get(c.current)??ot}function Ae(e,{next:t=c.advance}={}){let n=c.current;if(n<0)return;let o=h.id[n],s=M.of(o).mark===e?"":e,{rows:r,where:a}=U(),i=r[a.get(n)+1];c.moved=!0,M.set([o],{mark:s}),B(`${{pick:"Picked",reject:"Rejected","":"Mark removed from"}[s]} ${h.file(n)}`),t&&s&&i!==void 0&&te(i)}function De(e){let t=c.current;t<0||(M.set([h.id[t]],{stars:e}),B(`${h.file(t)}: ${St(e)}`))}function Xn(){let e=[...U().proposed].map(t=>h.id[t]).filter(t=>M.of(t).mark!=="pick");e.length&&M.set(e,{mark:"pick"}),B(`Picked ${I(e.length,"photograph")}. U takes it back.`),y({keep:0})}function Z(e){y(e);let{rows:t}=U();B(`${I(t.length,"photograph")} shown, ${e.order?Qe[e.order]:et[c.show]}.`)}function Vn(){let e=c.current;if(e<0||h.burstOf(e).length<2)return B("This photograph is in no burst.");if(!c.fold)return B("Bursts are not folded.");let t=new Set(c.open),n=h.burst[e],o=!t.delete(n);o&&t.add(n),y({open:t}),B(o?`Burst of ${h.burstOf(e).length} unfolded.`:"Burst folded.")}var Gn=()=>c.show!=="all"||c.low!==null||c.high!==null||c.query!=="";async function Qo(){let e=[],t=0;for(let n=h.n;;){let o=await ee(`/api/photos?from=${n}`);n+=o.id.length,e.push(o);let s=o.done||!o.id.length;if(s||performance.now()-t>Wo){for(let r of e)M.arrive(r,h.append(r));e=[],y(),t=performance.now()}if(s)return}}var Ot=!1;async function Yn(){if(!Ot){Ot=!0;try{for(;;){let e=await ee("/api/state"),t=c.gone;if(c.server&&e.run!==c.server.run)return await er(e);if(Ln(e.run),Mt(e.run),y({server:e,gone:!1,problem:t?"":c.problem}),document.title=e.title?`${e.title} · quasar-index`:"quasar-index",await Qo(),e.done&&e.bursts){h.group((await ee("/api/bursts")).burst),y();break}await be(700)}}catch(e){he(e)}finally{Ot=!1}}}async function er(e){let t=M.waitingFor(n=>Pt(h,h.rows.get(n)));if(t.length){let n=new Oe,o=new Map,s=new Set(t.flatMap(r=>r.names));for(;n.n<e.n_photos&&s.size>o.size;){let r=n.n;n.append(await ee(`/api/photos?from=${r}`));for(let a=r;a<n.n;a++)s.has(Pt(n,a))&&o.set(Pt(n,a),n.id[a]);n.n===r&&await be(300)}Mt(e.run),await M.resend(t,o)}M.queue.length=0,location.reload()}var Pt=(e,t)=>`${e.folder[t]}/${e.name[t]}`,Tt=!1;async function tr(){if(!Tt){for(Tt=!0;c.gone;)await be(2500),await Yn();Tt=!1}}async function Zn(){Yn();try{await M.load()}catch(e){he(e)}}function Jn(){let e=c.server;if(!e||e.done)return null;let t=e.n_done+e.n_failed,n=e.n_photos?t/e.n_photos:0,o=e.rate?` · ${e.rate.toFixed(1)} a second`:"",s=e.seconds_left!==null&&t?` · ${qn(e.seconds_left)} left`:"";return{share:n,text:`${N(t)} of ${N(e.n_photos)} scored${o}${s}`}}var ne=8,nr=34,Lt=320,Ue={columns:1,visible:1,row:100},Qn=()=>Ue.columns,eo=()=>Math.max(Ue.columns,Ue.columns*Ue.visible);function or({width:e,height:t},n){let o=Math.min(n,Math.max(100,(e-ne)/2));for(let s=Math.max(1,Math.floor((e+ne)/(o+ne)));;s--){let r=(e-ne*(s-1))/s,a=Math.round(r*.6+nr)+ne,i=Math.ceil(t/a)+1;if(s===1||s*i<=Lt)return{columns:s,cell:r,row:a,inSight:i}}}function to(){let e=D(null),t=D({top:0,height:600,width:800}),[,n]=$e(x=>x+1,0),{rows:o,where:s,proposed:r}=U(),{columns:a,cell:i,row:f,inSight:_}=or(t.current,c.size),l=Math.ceil(o.length/a);Object.assign(Ue,{columns:a,visible:Math.max(1,_-2),row:f});let $=Math.max(0,Math.min(3,Math.floor((Lt/a-_)/2))),m=Math.max(0,Math.min(l-1,Math.floor(t.current.top/f))-$),u=Math.min(l,m+Math.min(_+2*$,Math.floor(Lt/a))),d=s.get(c.current)??-1;Q(()=>{let x=e.current,T=()=>{let R=getComputedStyle(x),v=x.clientWidth-parseFloat(R.paddingLeft)-parseFloat(R.paddingRight);(v!==t.current.width||x.clientHeight!==t.current.height)&&(Object.assign(t.current,{width:v,height:x.clientHeight}),n())},q=new ResizeObserver(T);return q.observe(x),T(),()=>q.disconnect()},[]);let b=D({current:-1,at:-1,key:""});Q(()=>{let x=e.current,{current:T,at:q,key:R}=b.current,v=`${a} ${f}`;if(b.current={current:c.current,at:d,key:v},d<0)return;let P=Math.floor(d/a)*f,X=Math.floor(q/a)*f,F=x.clientHeight;T===c.current&&R===v&&q>=0&&X!==P?X>=x.scrollTop-f&&X<=x.scrollTop+F&&(x.scrollTop+=P-X):(T!==c.current||R!==v)&&(P<x.scrollTop?x.scrollTop=P:P+f>x.scrollTop+F-ne&&(x.scrollTop=P+f-F+ne*2))}),z(()=>e.current.focus({preventScroll:!0}),[]);let g=()=>{let x=e.current.scrollTop,T=Math.floor(x/f)!==Math.floor(t.current.top/f);t.current.top=x,T&&n()},{low:w,high:k}=rt(),C=[],S=x=>{let T=o[x],q=h.burstOf(T).length;C.push(p`<${sr}
        key=${h.id[T]}
        row=${T}
        place=${x}
        n=${a}
        cell=${i}
        height=${f}
        total=${o.length}
        low=${w}
        high=${k}
        proposed=${r.has(T)}
        current=${x===d}
        mark=${M.of(h.id[T])}
        isKept=${M.isKept(h.id[T])}
        burst=${q}
        isOpen=${q>1&&c.fold&&c.open.has(h.burst[T])}
      />`)};for(let x=m*a;x<Math.min(o.length,u*a);x++)S(x);return d>=0&&(d<m*a||d>=u*a)&&S(d),p`<div
    class="grid"
    id="grid"
    ref=${e}
    role="listbox"
    tabindex="0"
    aria-label="Photographs"
    aria-activedescendant=${d>=0?`photo-${h.id[c.current]}`:void 0}
    onScroll=${g}
  >
    <div class="sheet" role="presentation" style=${{height:`${Math.max(0,l*f)}px`}}>${C}</div>
    ${o.length===0&&p`<${rr} />`}
  </div>`}function rr(){return h.n?p`<p class="empty">
    No photograph passes the filters.
    <button type="button" onClick=${()=>y({show:"all",low:null,high:null,query:""})}>Show all</button>
  </p>`:p`<p class="empty">
      ${c.server?.done?"There are no photographs here.":"The first photographs are being scored…"}
    </p>`}var sr=$n(({row:e,place:t,n,cell:o,height:s,total:r,low:a,high:i,proposed:f,current:_,mark:l,isKept:$,burst:m,isOpen:u})=>{let d=h.id[e],b=G(h,e),g=h.score[e],w=h.familiarity[e]!==null&&h.familiarity[e]<.05,k=g===null?0:i>a?(g-a)/(i-a):1,C=["cell",l.mark,_&&"current",f&&"proposed",b&&"broken",u&&"open"],S=`translate(${t%n*(o+ne)}px, ${Math.floor(t/n)*s}px)`,x=[h.name[e],jt(e),f&&"proposed",!$&&"not kept yet"];return p`<div
      class=${C.filter(Boolean).join(" ")}
      id=${`photo-${d}`}
      role="option"
      aria-setsize=${r}
      aria-posinset=${t+1}
      aria-selected=${_?"true":"false"}
      data-id=${d}
      data-score=${g}
      style=${{transform:S,width:`${o}px`,height:`${s-ne}px`}}
      onClick=${()=>te(e)}
      onDblClick=${()=>y({large:!0,zoomed:!1})}
    >
      <span class="hidden">${x.filter(Boolean).join(", ")}</span>
      <div class="picture" aria-hidden="true">
        ${b?p`<span class="blank">${h.error[e]||"not scored"}</span>`:p`<img
                src=${Ne(d)}
                alt=""
                decoding="async"
                draggable=${!1}
                onError=${T=>T.target.classList.add("missing")}
              />`}
        <span class="tags">
          ${l.mark==="pick"&&p`<span class="tag good"><${Ze} />pick</span>`}
          ${l.mark==="reject"&&p`<span class="tag bad"><${se} />reject</span>`}
          ${f&&l.mark!=="pick"&&p`<span class="tag">proposed</span>`}
          ${!$&&p`<span class="tag warn">not kept yet</span>`}
        </span>
        <span class="tags right">
          ${m>1&&p`<span class="tag" title=${`a burst of ${m}`}><${bn} />${m}</span>`}
          ${w&&p`<span class="tag" title="unlike all anchors"><${kn} />unlike</span>`}
        </span>
        ${l.stars>0&&p`<span class="tags bottom">
            <span class="tag stars">${Array.from({length:l.stars},()=>p`<${Je} />`)}</span>
          </span>`}
      </div>
      <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${k})`}}></i></div>
      <div class="caption" aria-hidden="true">
        <span class="name">${h.file(e)}</span><b>${b?"–":O(g)}</b>
      </div>
    </div>`});var we=e=>(t,n)=>c.view.name==="cull"||h.rows.get(c.view.id)===c.current?e(t,n):!1,K=e=>(t,n)=>c.view.name==="cull"?e(t,n):!1;function ce(e,t=null){location.hash=t===null?`#${e}`:`#${e}/${t}`}var no=e=>()=>{let{rows:t}=U();t.length&&te(t[e?t.length-1:0])};function ar(){return c.zoomed?y({zoomed:!1}):c.large?y({large:!1}):c.details||c.filters?y({details:!1,filters:!1}):c.view.name!=="cull"?ce("cull"):!1}var st=[{group:"Move",keys:["ArrowLeft","ArrowRight"],label:["←","→"],text:"the photograph before, the next",run:we(e=>le(e==="ArrowLeft"?-1:1))},{group:"Move",keys:["ArrowUp","ArrowDown"],label:["↑","↓"],text:"the row above, below",run:K(e=>le(c.large?e==="ArrowUp"?-1:1:(e==="ArrowUp"?-1:1)*Qn()))},{group:"Move",keys:["PageUp","PageDown"],label:["PgUp","PgDn"],text:"a page up, down",run:K(e=>le((e==="PageUp"?-1:1)*eo()))},{group:"Move",keys:["Home"],label:["Home"],text:"the first",run:K(no(!1))},{group:"Move",keys:["End"],label:["End"],text:"the last",run:K(no(!0))},{group:"Mark",keys:["p"],label:["P"],text:"pick; again: no mark",run:we((e,t)=>Ae("pick",t?{next:!0}:{}))},{group:"Mark",keys:["x"],label:["X"],text:"reject; again: no mark",run:we((e,t)=>Ae("reject",t?{next:!0}:{}))},{group:"Mark",keys:["1","2","3","4","5"],label:["1","…","5"],text:"stars",run:we(e=>De(Number(e)))},{group:"Mark",keys:["0"],label:["0"],text:"no stars",run:we(()=>De(0))},{group:"Mark",keys:["u"],label:["U"],text:"undo the last change of marks",run:we(()=>M.undo())},{group:"Mark",keys:["a"],label:["A"],text:"go on to the next after a mark: on or off (Shift+P, Shift+X do it once)",run:K(()=>Y("advance",!c.advance))},{group:"Look",keys:[" "],label:["Space"],text:"large; again: back to the grid",run:K(()=>y({large:!c.large,zoomed:!1}))},{group:"Look",keys:["z"],label:["Z"],text:"every pixel; again: the whole photograph",run:K(()=>y({large:!0,zoomed:!(c.large&&c.zoomed)}))},{group:"Look",keys:["b"],label:["B"],text:"unfold or fold this burst",run:K(Vn)},{group:"Look",keys:["+","=","-"],label:["+","−"],text:"larger, smaller pictures in the grid",run:K(e=>Y("size",Math.max(110,Math.min(420,Math.round(c.size*(e==="-"?1/1.2:1.2))))))},{group:"Look",keys:["Enter"],label:["Enter"],text:"why this score: One image",run:K(()=>c.current>=0&&ce("one",h.id[c.current]))},{group:"Find",keys:["/"],label:["/"],text:"filter by name",run:K(()=>{y({filters:!0,large:!1}),setTimeout(()=>document.getElementById("query")?.focus())})},{group:"Find",keys:["f"],label:["F"],text:"show all, picks, rejects, undecided in turn",run:K(()=>Z({show:{all:"pick",pick:"reject",reject:"none"}[c.show]??"all"}))},{group:"Find",keys:["o"],label:["O"],text:"order: best, worst, name, time in turn",run:K(()=>Z({order:{best:"worst",worst:"name",name:"time"}[c.order]??"best"}))},{group:"Page",keys:["e"],label:["E"],text:"export",run:()=>y({dialog:"export",large:!1})},{group:"Page",keys:["?"],label:["?"],text:"this list",run:()=>y({dialog:"keys"})},{group:"Page",keys:["Escape"],label:["Esc"],text:"back",run:ar},{group:"One image",keys:["[","]"],label:["[","]"],text:"one anchor fewer, more a side (k)",run:()=>!1}],ir=new Map(st.flatMap(e=>e.keys.map(t=>[t,e]))),lr="button, a[href], summary, input, select, textarea";function oo(e,t){return t==="Escape"?!1:e.matches("select, textarea, input:not([type=range], [type=checkbox], [type=radio])")||e.matches("input")&&/^(Arrow|Home|End|Page)/.test(t)?!0:(t===" "||t==="Enter")&&e.matches(lr)}function ro(e){if(e.defaultPrevented||e.isComposing||e.altKey)return;if(e.ctrlKey||e.metaKey){if(e.key!=="z"||c.view.name!=="cull"||oo(e.target,"z"))return;e.preventDefault(),M.undo();return}if(c.dialog)return;let t=e.key.length===1?e.key.toLowerCase():e.key,n=ir.get(t);!n||oo(e.target,t)||!c.letters&&/^[a-z0-9/+=?[\]-]$/.test(t)||n.run(t,e.shiftKey)!==!1&&e.preventDefault()}var cr=200,ve=new Map;function At(e){ve.set(e.id,e),ve.size>cr&&ve.delete(ve.keys().next().value)}function at(e,t=120){let[,n]=A(null);return z(()=>{if(e==null||ve.has(e))return;let o=new AbortController,s=setTimeout(()=>{ee(`/api/explain/${e}`,o.signal).then(r=>{At({...r,id:e}),n(r)},he)},t);return()=>{clearTimeout(s),o.abort()}},[e,c.gone]),ve.get(e)??null}function it({value:e,low:t,high:n}){if(e==null)return null;let[o,s]=c.server?.index?.range??[t,n],r=i=>`${Math.max(0,Math.min(100,100*(i-o)/(s-o||1)))}%`,a=t!=null;return p`<div class="opinion">
    <p class="line">
      <span>opinion</span
      ><span
        ><b>${ke(e)}</b>
        ${a&&p`<span class="dim">${ke(t)} to ${ke(n)}, of ${ke(o)} to ${ke(s)}</span>`}</span
      >
    </p>
    <div class="scale" aria-hidden="true">
      ${a&&p`<i class="span" style=${{left:r(t),right:`calc(100% - ${r(n)})`}}></i>`}<i
        class="dot"
        style=${{left:r(e)}}
      ></i>
    </div>
  </div>`}function lt({value:e}){return e==null?null:p`<div>
    <p class="line"><span>familiarity</span><b>${O(e)}</b></p>
    <p class="dim sentence">${Rn(e)}</p>
  </div>`}function xe({side:e,list:t,most:n,title:o,pictures:s=!0}){if(!t?.length)return null;let r=[...t].sort((l,$)=>$.weight-l.weight).slice(0,n),a=Math.max(...r.map(l=>l.weight),1e-12),i=l=>!!(l.picture??s),f=!r.some(i),_=`h-${e}`;return p`<section class=${`anchors ${e} ${f?"named":""}`} aria-labelledby=${_}>
    <h2 id=${_}>${o}</h2>
    <ul>
      ${r.map(l=>p`<li key=${l.anchor} title=${ur(l)}>
            ${f?p`<p class="file">${l.name}</p>`:p`<div class="tile">
                    ${i(l)?p`<img
                            src=${`/anchor/${l.anchor}`}
                            alt=${l.name??""}
                            loading="lazy"
                            decoding="async"
                          />`:p`<span class="blank">${l.name||"no picture"}</span>`}
                  </div>`}
            <p class="figures"><b>${so(l.rating)}</b><span class="dim"> · ${pr(l.weight)}</span></p>
            <div class="bar" aria-hidden="true"><i style=${{transform:`scaleX(${l.weight/a})`}}></i></div>
          </li>`)}
    </ul>
  </section>`}var ur=e=>`${e.name}
rating ${so(e.rating)}, weight ${W(e.weight)}, cosine ${W(e.cosine)}`,so=e=>e==null?"–":String(Math.round(e*100)/100),pr=e=>String(Number(e.toPrecision(2)));function ze({id:e,side:t=1600,wait:n=90,alt:o,label:s}){let r=D(null);return z(()=>{let a=()=>{let _=tt(e,t);_.alt=o;let l=()=>r.current?.dataset.id===String(e)&&r.current.replaceChildren(_);_.done?l():_.ready.then(()=>_.done&&l())};if(!r.current)return;if(r.current.dataset.id=e,Dn(e,t))return void a();let i=new Image;i.src=Ne(e),i.alt=o,i.className="small",r.current.replaceChildren(i);let f=setTimeout(a,n);return()=>clearTimeout(f)},[e,t]),p`<div class="photograph" ref=${r} aria-label=${s}></div>`}function Dt(e){e.detail&&(document.querySelector("dialog[open]")??document.getElementById("grid"))?.focus({preventScroll:!0})}function Ie(){let{mark:e}=M.of(h.id[c.current]),t=(n,o,s,r)=>p`<button
      type="button"
      class=${`mark ${n}`}
      aria-pressed=${e===n?"true":"false"}
      title=${`${r} (${s})`}
      onClick=${a=>Dt(a,Ae(n))}
    >
      <${o} /><span>${r}</span>
    </button>`;return p`<div class="marks">
    ${t("pick",Ze,"P","Pick")}${t("reject",se,"X","Reject")}
    <button
      type="button"
      class="round"
      aria-label="Undo"
      title="Undo the last change of marks (U)"
      onClick=${n=>Dt(n,M.undo())}
    >
      <${Mn} />
    </button>
  </div>`}function Be(){let{stars:e}=M.of(h.id[c.current]);return p`<div class="starline" role="group" aria-label="Stars">
    ${[1,2,3,4,5].map(t=>p`<button
          key=${t}
          type="button"
          class=${t<=e?"on":""}
          aria-pressed=${t===e?"true":"false"}
          aria-label=${t===1?"1 star":`${t} stars`}
          title=${`${t} (${t===e?0:t})`}
          onClick=${n=>Dt(n,De(t===e?0:t))}
        >
          <${Je} />
        </button>`)}
  </div>`}function ao(){let e=c.current,t=h.id[e],n=e>=0&&G(h,e),o=at(e<0||n?null:t);if(e<0)return p`<aside class="panel" aria-label="Current photograph"></aside>`;let{where:s}=U(),r=h.burstOf(e),a=n?"not scored":`${Bn(Kn(e))} of ${N(h.scored)}`;return p`<aside class="panel" aria-label="Current photograph">
    <div class="short">
      <button
        type="button"
        class="opener"
        aria-expanded=${c.details?"true":"false"}
        aria-controls="details"
        onClick=${()=>y({details:!c.details})}
      >
        <span class="file">${h.file(e)}</span
        ><span><b>${O(h.score[e])}</b> <span class="dim">${a}</span></span
        ><${vn} class="icon turn" />
      </button>
    </div>
    <div class="whole" id="details">
      <button
        type="button"
        class="preview"
        aria-label="Show large"
        title="Large (Space)"
        onClick=${()=>y({large:!0,zoomed:!1})}
      >
        ${n?p`<span class="blank">no picture</span>`:!c.large&&p`<${ze} id=${t} alt=${h.name[e]} />`}
      </button>
      <p class="file" title=${h.name[e]}>${h.name[e]}</p>
      ${h.taken[e]!==null&&p`<p class="dim">${Hn(h.taken[e])}</p>`}
    </div>
    <div class="number">
      <p class="score" title=${`score ${W(h.score[e])}`}>
        <b>${O(h.score[e])}</b> <span class="dim">${a}</span>
      </p>
    </div>
    <div class="doing"><${Ie} /><${Be} /></div>
    <div class="whole">
      ${n&&p`<p class="warn">Not scored: ${h.error[e]}</p>`}
      <${it} value=${h.opinion[e]} low=${h.low[e]} high=${h.high[e]} />
      <${lt} value=${h.familiarity[e]} />
      <${xe}
        side="good"
        list=${o?.good}
        most=${5}
        pictures=${o?.anchors_have_pictures}
        title="Nearest good anchors"
      />
      <${xe}
        side="bad"
        list=${o?.bad}
        most=${5}
        pictures=${o?.anchors_have_pictures}
        title="Nearest bad anchors"
      />
      ${r.length>1&&p`<section aria-labelledby="h-burst">
          <h2 id="h-burst">This burst</h2>
          <ul class="strip">
            ${r.slice(0,12).map(i=>p`<li key=${i}>
                  <button
                    type="button"
                    aria-label=${`${h.file(i)}, score ${O(h.score[i])}`}
                    aria-current=${i===e?"true":void 0}
                    onClick=${()=>fr(i,s)}
                  >
                    <img src=${Ne(h.id[i])} alt="" /><span>${O(h.score[i])}</span>
                  </button>
                </li>`)}
          </ul>
          ${r.length>12&&p`<p class="dim">and ${N(r.length-12)} more</p>`}
        </section>`}
      ${!n&&p`<button type="button" class="wide" onClick=${()=>ce("one",t)}>Why this score: One image</button>`}
    </div>
  </aside>`}function fr(e,t){t.has(e)||y({open:new Set(c.open).add(h.burst[e])}),te(e)}function io(){let e=D(null),t=D(null),n=c.current,o=h.id[n],{rows:s,where:r}=U(),a=r.get(n)??0;Q(()=>{let l=e.current;return l.showModal(),l.focus(),()=>{l.close(),document.getElementById("grid")?.focus({preventScroll:!0})}},[]),z(()=>{for(let l of[a+1,a-1,a+2]){let $=s[l];$!==void 0&&!G(h,$)&&tt(h.id[$])}},[o]),Q(()=>{let l=t.current;c.zoomed&&l.scrollTo((l.scrollWidth-l.clientWidth)/2,(l.scrollHeight-l.clientHeight)/2)},[c.zoomed,o]);let i=D(null),f=l=>{let $=t.current;if(l.type==="pointerdown")i.current={x:l.clientX+$.scrollLeft,y:l.clientY+$.scrollTop,moved:!1};else if(l.type==="pointermove"&&i.current&&c.zoomed){let m=i.current.x-l.clientX,u=i.current.y-l.clientY;Math.abs(m-$.scrollLeft)+Math.abs(u-$.scrollTop)>3&&(i.current.moved=!0),$.scrollTo(m,u)}else if(l.type==="pointerup"){let m=i.current?l.clientX+t.current.scrollLeft-i.current.x:0;!c.zoomed&&l.pointerType==="touch"&&Math.abs(m)>40?le(m<0?1:-1):i.current&&!i.current.moved&&y({zoomed:!c.zoomed}),i.current=null}},_=M.isKept(o);return p`<dialog
    class="large"
    tabindex="-1"
    ref=${e}
    aria-label=${`${h.name[n]}, large`}
    onCancel=${l=>{l.preventDefault(),y(c.zoomed?{zoomed:!1}:{large:!1})}}
  >
    <div
      class=${c.zoomed?"stage zoomed":"stage"}
      ref=${t}
      onPointerDown=${f}
      onPointerMove=${f}
      onPointerUp=${f}
      onPointerLeave=${()=>i.current=null}
    >
      ${G(h,n)?p`<p class="blank">Not scored: ${h.error[n]}</p>`:p`<${ze}
              key=${c.zoomed}
              id=${o}
              side=${c.zoomed?3200:1600}
              wait=${0}
              alt=${h.name[n]}
            />`}
    </div>
    <div class="rail">
      <button
        type="button"
        class="round"
        aria-label="The photograph before"
        title="Before (←)"
        disabled=${a===0}
        onClick=${()=>le(-1)}
      >
        <${yn} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="The next photograph"
        title="Next (→)"
        disabled=${a>=s.length-1}
        onClick=${()=>le(1)}
      >
        <${wn} />
      </button>
      <p class="about">
        <b>${O(h.score[n])}</b> <span class="file">${h.file(n)}</span>
        <span class="dim">${N(a+1)} of ${N(s.length)}</span
        >${!_&&p` <span class="tag warn">not kept yet</span>`}
      </p>
      <${Ie} /><${Be} />
      <button
        type="button"
        class="round"
        aria-pressed=${c.zoomed?"true":"false"}
        aria-label="Every pixel"
        title="Every pixel (Z)"
        onClick=${()=>y({zoomed:!c.zoomed})}
      >
        <${xn} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="Back to the grid"
        title="Back (Space, Esc)"
        onClick=${()=>y({large:!1})}
      >
        <${se} />
      </button>
    </div>
  </dialog>`}function Me({text:e,label:t,id:n}){let[o,s]=A(!1);return e?p`<div class="command">
    <p class="dim">${t}</p>
    <div>
      <code id=${n}>${e}</code>
      <button
        type="button"
        class="round"
        aria-label="Copy the command"
        title=${o?"Copied":"Copy"}
        onClick=${async()=>{try{await navigator.clipboard.writeText(e),s(!0),B("Copied."),setTimeout(()=>s(!1),1500)}catch{getSelection().selectAllChildren(document.getElementById(n)),B("Selected: copy it with the keys of your system.")}}}
      >
        <${En} />
      </button>
    </div>
  </div>`:null}function lo(){let e=Le();return p`<aside class="filters" aria-label="Filters">
    <button
      type="button"
      class="opener"
      aria-expanded=${c.filters?"true":"false"}
      aria-controls="filter-parts"
      onClick=${()=>y({filters:!c.filters})}
    >
      <${On} />Filter, order, keep
      <span class="pill"
        >${Gn()?`${N(U().rows.length)} shown`:`${I(e.pick,"pick")}, ${I(e.reject,"reject")}`}</span
      >
    </button>
    <div class="parts" id="filter-parts">
      <${dr} /><${hr} /><${mr} /><${_r} />
      <${Me} text=${c.server?.command} label="The command that gives these scores" id="all-command" />
    </div>
  </aside>`}function dr(){let e=D(null),t=D(null),{low:n,high:o,counts:s}=rt(),r=Math.max(1,...s),a=(o-n)/ie,i=c.low??n,f=c.high??o,_=d=>d<=0||d>=ie?null:n+d*a,l=d=>{let{left:b,width:g}=e.current.getBoundingClientRect();return Math.max(0,Math.min(ie-1,Math.floor((d.clientX-b)/g*ie)))},$=d=>{if(d.type==="pointerdown"&&(d.currentTarget.setPointerCapture(d.pointerId),t.current=l(d)),t.current===null)return;let[b,g]=[t.current,l(d)].sort((w,k)=>w-k);y({low:_(b),high:_(g+1)}),d.type==="pointerup"&&(t.current=null,Z({}))},m=(d,b)=>{let g=Number(b);d==="low"?Z({low:g<=0?null:Math.min(n+g*a,f)}):Z({high:g>=ie?null:Math.max(n+g*a,i)})},u=(d,b,g)=>p`<input
      type="range"
      class=${d}
      min="0"
      max=${ie}
      step="0.25"
      value=${(b-n)/(a||1)}
      aria-label=${g}
      aria-valuetext=${O(b)}
      onInput=${w=>m(d,w.target.value)}
    />`;return p`<section aria-labelledby="h-score">
    <h2 id="h-score">Score</h2>
    <div
      class="bars"
      ref=${e}
      aria-hidden="true"
      title="Drag over the bars to show these scores alone"
      onPointerDown=${$}
      onPointerMove=${d=>t.current!==null&&$(d)}
      onPointerUp=${$}
      onPointerCancel=${()=>t.current=null}
    >
      ${Array.from(s,(d,b)=>p`<i
            key=${b}
            class=${n+(b+.5)*a>=i&&n+(b+.5)*a<=f?"in":""}
            style=${{height:d?`${Math.max(4,100*d/r)}%`:"0"}}
          ></i>`)}
    </div>
    <div class="limits">
      ${u("low",i,"Lowest score shown")}${u("high",f,"Highest score shown")}
    </div>
    <p class="line">
      <span>${O(i)}</span>
      ${c.low!==null||c.high!==null?p`<button type="button" class="link" onClick=${()=>Z({low:null,high:null})}>
              all scores
            </button>`:p`<span class="dim">to</span>`}
      <span>${O(f)}</span>
    </p>
  </section>`}function hr(){let e=Math.max(1,h.scored),t=o=>y({keep:Math.max(0,Math.min(e,Math.round(Number(o)||0)))}),n=U().proposed.size;return p`<section aria-labelledby="h-keep">
    <h2 id="h-keep">Keep</h2>
    <p class="line">
      <label for="keep">the best</label
      ><input
        type="number"
        id="keep"
        min="0"
        max=${e}
        value=${c.keep}
        onInput=${o=>t(o.target.value)}
      />
    </p>
    <input
      type="range"
      min="0"
      max="1000"
      value=${Math.round(Math.sqrt(c.keep/e)*1e3)}
      aria-label="Keep the best so many"
      aria-valuetext=${`the best ${c.keep}`}
      onInput=${o=>t((o.target.value/1e3)**2*e)}
    />
    <label class="line check"
      ><span>one of each burst</span
      ><input type="checkbox" checked=${c.single} onChange=${o=>Y("single",o.target.checked)}
    /></label>
    <button type="button" class="wide main" disabled=${!n} onClick=${Xn}>
      ${n?`Pick the best ${N(n)}`:"Pick the best"}
    </button>
  </section>`}function mr(){let e=Le();return p`<section aria-labelledby="h-show">
    <h2 id="h-show">Show</h2>
    <fieldset class="choices">
      <legend class="hidden">Show</legend>
      ${Object.entries(et).map(([t,n])=>(e[t]>0||["all","pick","reject","none",c.show].includes(t))&&p`<label key=${t} class=${c.show===t?"line chosen":"line"}>
            <input
              type="radio"
              name="show"
              class="hidden"
              checked=${c.show===t}
              onChange=${()=>Z({show:t})}
            />
            <span>${n}</span><span class="dim" id=${`n-${t}`}>${N(e[t])}</span></label
          >`)}
    </fieldset>
    <label class="field"
      ><span>Name</span
      ><input
        type="search"
        id="query"
        placeholder="part of a name"
        spellcheck=${!1}
        value=${c.query}
        onInput=${t=>Z({query:t.target.value})}
        onKeyDown=${t=>t.key==="Enter"&&document.getElementById("grid").focus()}
    /></label>
    <p class="dim shown">${I(U().rows.length,"photograph")} shown</p>
  </section>`}function _r(){return p`<section aria-labelledby="h-order">
    <h2 id="h-order">Order</h2>
    <select
      aria-label="Order"
      id="order"
      value=${c.order}
      onChange=${e=>Z({order:e.target.value})}
    >
      ${Object.entries(Qe).map(([e,t])=>p`<option key=${e} value=${e} selected=${c.order===e}>${t}</option>`)}
    </select>
    <label class="line check"
      ><span>fold bursts</span
      ><input
        type="checkbox"
        id="fold"
        checked=${c.fold}
        onChange=${e=>Y("fold",e.target.checked)}
    /></label>
    <label class="line check"
      ><span>go on after a mark</span
      ><input type="checkbox" checked=${c.advance} onChange=${e=>Y("advance",e.target.checked)}
    /></label>
    <label class="line"
      ><span>size</span
      ><input
        type="range"
        min="110"
        max="420"
        step="10"
        value=${c.size}
        onInput=${e=>Y("size",Number(e.target.value))}
    /></label>
  </section>`}function co(){return p`<div class=${`cull ${c.filters?"with-filters":""} ${c.details?"with-details":""}`}>
    <${lo} />
    <main id="content" tabindex="-1" aria-label="Photographs"><${to} /></main>
    <${ao} />
    ${c.large&&p`<${io} />`}
  </div>`}function po({title:e,children:t}){let n=D(null);Q(()=>{let s=document.activeElement;return n.current.showModal(),()=>(s?.isConnected?s:document.getElementById("grid"))?.focus({preventScroll:!0})},[]);let o=()=>y({dialog:""});return p`<dialog
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
          <${se} />
        </button>
      </div>
      ${t}
    </div>
  </dialog>`}function fo(){let e=[...new Set(st.map(t=>t.group))];return p`<${po} title="All keys">
    <div class="keys">
      ${e.map(t=>p`<section key=${t} aria-label=${t}>
            <h3>${t}</h3>
            <dl>
              ${st.filter(n=>n.group===t).map(n=>p`<div key=${n.text}>
                    <dt>${n.label.map(o=>o==="…"?"–":p`<kbd>${o}</kbd> `)}</dt>
                    <dd>${n.text}</dd>
                  </div>`)}
            </dl>
          </section>`)}
    </div>
    <label class="check"
      ><input
        type="checkbox"
        checked=${c.letters}
        onChange=${t=>Y("letters",t.target.checked)}
      />
      keys of one letter, digit or sign are on</label
    >
    <p class="dim">
      With the mouse: a click chooses, two clicks show a photograph large. Nothing is ever deleted, and no photograph is
      changed.
    </p>
  <//>`}var gr={xmp:["XMP sidecars","stars and picks for Lightroom, darktable, digiKam and others, in a small file beside each photograph"],csv:["CSV","a table of names, scores and marks"],parquet:["Parquet","the same table for data tools"],links:["Links","a new folder of links to the photographs"],copies:["Copies","a new folder of copies of the photographs"]},uo={picks:"picks",rejects:"rejects",marked:"all with a mark or stars",all:"all photographs"};function ho(){let[e,t]=A({what:"xmp",only:"picks",xmp_name:"photo.xmp",folder:"picks"}),[n,o]=A(null),[s,r]=A(!1),a=d=>{t({...e,...d}),o(null)},i=Le(),f={picks:i.pick,rejects:i.reject,all:i.all},_={xmp:"sidecar",csv:"row",parquet:"row"}[e.what]??"photograph",l=d=>`${uo[d]}${f[d]===void 0?"":` (${N(f[d])})`}`,$=e.what==="csv"||e.what==="parquet",m=e.what==="links"||e.what==="copies";return p`<${po} title="Export">
    <form onSubmit=${async d=>{d.preventDefault(),r(!0);try{let b={what:e.what,only:e.only};e.what==="xmp"&&(b.xmp_name=e.xmp_name),m&&(b.folder=e.folder);let g=await je("/api/export",b);o(g),B(`Wrote ${g.written} to ${g.where}.`)}catch(b){o({error:b.message})}r(!1)}}>
      <fieldset class="what">
        <legend>What</legend>
        ${Object.entries(gr).map(([d,[b,g]])=>p`<label key=${d} class="check">
              <input
                type="radio"
                name="what"
                value=${d}
                checked=${e.what===d}
                onChange=${()=>a({what:d})}
              /><span><b>${b}</b> <span class="dim">${g}</span></span></label
            >`)}
      </fieldset>
      <label class="field"
        ><span>Of which photographs</span
        ><select value=${e.only} onChange=${d=>a({only:d.target.value})}>
          ${Object.keys(uo).map(d=>p`<option key=${d} value=${d} selected=${e.only===d}>${l(d)}</option>`)}
        </select></label
      >
      ${e.what==="xmp"&&p`<label class="field"
          ><span>Name of each sidecar</span
          ><select value=${e.xmp_name} onChange=${d=>a({xmp_name:d.target.value})}>
            <option value="photo.xmp" selected=${e.xmp_name==="photo.xmp"}>
              photo.xmp (Lightroom, Capture One)
            </option>
            <option value="photo.jpg.xmp" selected=${e.xmp_name==="photo.jpg.xmp"}>
              photo.jpg.xmp (darktable, digiKam)
            </option>
          </select></label
        >`}
      ${m&&p`<label class="field"
          ><span>Name of the new folder</span>
          <input type="text" required value=${e.folder} onInput=${d=>a({folder:d.target.value})}
        /></label>`}
      <p class="line end">
        ${$&&p`<a class="button" href=${`/api/export.${e.what}?only=${e.only}`} download>Download</a>`}
        <button type="submit" class="main" disabled=${s||M.queue.length>0}>
          ${s?"Writing…":"Write"}
        </button>
      </p>
      ${M.queue.length>0&&p`<p class="warn">${I(M.queue.length,"change")} of marks not kept yet: wait for the server.</p>`}
    </form>
    ${n&&p`<div class="answer" role="status">
        ${n.error?p`<p class="warn">${n.error}</p>`:p`<p>${`Wrote ${I(n.written,_)} to `}<span class="path">${n.where}</span></p>
                ${n.skipped?.length>0&&p`<p>Left as they are:</p>
                    <ul class="skipped">
                      ${n.skipped.slice(0,50).map(d=>p`<li key=${d}>${d}</li>`)}
                    </ul>`}`}
      </div>`}
    <p class="dim">Nothing is ever deleted, no photograph is changed, and no file of another program is overwritten.</p>
  <//>`}var Ut=(e,t,n)=>1/(1+Math.exp((t-e)/n));function $r(e,t,n,o){let s=1-o,r=Math.sqrt(o*o+s*s+2*o*s*n);return r>0?(o*e+s*t)/r:0}var zt=e=>e.top_k.k.length+(e.whole?1:0),It=(e,t)=>t>=e.top_k.k.length;function Bt(e,t,n=1){let o=It(e,t),s=r=>{let a=o?e.whole[r]:e.top_k[r][t],i=o?e.whole[`${r}_to_mean`]:e.top_k[`${r}_to_mean`][t];return n>=1?a:$r(a,e.mean[r],i,n)};return Ut(s("good"),s("bad"),e.temperature)}function _o(e){let[t,n=""]=e.method.split(/:(.*)/s),o=Object.fromEntries(n.split(",").map(i=>i.split("="))),s={mean:"mean",offset:"offset",retrieval:"top_k"}[t]??"",r=e.top_k.k,a=t==="retrieval"&&!o.top_k&&e.whole;return{kind:o.mode==="joint"?"":s,k:a?r.length:mo(r,Number(o.top_k??Math.min(16,r.length))),offset:e.offset?mo(e.offset.offset,Number(o.offset??.2)):0,blend:Number(o.blend??1)}}var qt=(e,t)=>Ut(e.offset.good[t],e.offset.bad[t],e.temperature),Rt=e=>Ut(e.mean.good,e.mean.bad,e.temperature);function mo(e,t){let n=0;for(let o=1;o<e.length;o++)Math.abs(e[o]-t)<Math.abs(e[n]-t)&&(n=o);return n}var J=1e3,go=(e,t)=>Math.round(Math.exp(e/J*Math.log(t))-1),Ht=(e,t)=>t>1?Math.log(e+1)/Math.log(t)*J:0;function Wt(e,t,n,o,s,r){let a=[],i=-10;for(let f=0;f<e;f++){let _=t(f);if(_-i<J/300&&f<e-1)continue;i=_;let l=r-(n(f)-o)/(s-o||1)*r;a.push(`${a.length?"L":"M"}${_.toFixed(1)} ${l.toFixed(1)}`)}return a.join("")}var ue=300;function bo({why:e}){return e.curves?p`<${br} why=${e} />`:p`<section class="ways">
      <p class="dim">This way to score compares no centroids, so it has no curves.</p>
    </section>`}function br({why:e}){let{curves:t,commands:n}=e,[o]=A(()=>_o(t)),[s,r]=A(o.kind||"top_k"),[a,i]=A(o.k),[f,_]=A(o.offset),[l,$]=A(o.blend),m=zt(t),u=v=>{r("top_k"),i(v)},d=v=>u(P=>Math.max(0,Math.min(m-1,P+v)));z(()=>{let v=P=>{P.key!=="["&&P.key!=="]"||P.target.matches("input:not([type=range], [type=radio]), textarea")||d(P.key==="]"?1:-1)};return addEventListener("keydown",v),()=>removeEventListener("keydown",v)},[t]);let b=Ye(()=>kr(t,l),[t,l]),g={mean:Rt(t),top_k:Bt(t,a,l),offset:t.offset&&qt(t,f)},w=It(t,a),k=w?"all":t.top_k.k[a],C=t.offset?.offset[f],S={mean:"mean of all",top_k:w?"all by likeness":`the ${N(k)} nearest a side`,offset:`offset ${O(C??0)}`},x=v=>v?.replace("{k}",k).replace("{offset}",String(C)).replace("{blend}",String(l)),T=`${w?"whole":"top_k"}${l<1?"_blend":""}`,q={mean:n.mean,offset:x(n.offset),top_k:x(n[T])}[s],R={mean:o.kind==="mean",offset:o.kind==="offset"&&f===o.offset,top_k:o.kind==="top_k"&&a===o.k&&l===o.blend};return p`<section class="ways" aria-labelledby="h-ways">
    <h2 id="h-ways">Other ways to score</h2>
    <div class="number">
      <p class="score">
        <b id="way-score">${W(g[s])}</b>
        <span class="dim">${S[s]}${s==="top_k"&&l<1?`, blend ${O(l)}`:""}</span>
      </p>
    </div>
    <fieldset class="choices">
      <legend class="hidden">Way</legend>
      ${Object.keys(S).filter(v=>g[v]!==null&&g[v]!==void 0).map(v=>p`<label key=${v} class=${s===v?"line chosen":"line"}
              ><input type="radio" class="hidden" name="way" checked=${s===v} onChange=${()=>r(v)} />
              <span>${S[v]}${R[v]?" (in force)":""}</span><b>${W(g[v])}</b></label
            >`)}
    </fieldset>
    <${$o}
      title="Anchors a side (k)"
      kind="top_k"
      d=${b.top_k}
      drawn=${b}
      at=${Ht(a,m)}
      score=${g.top_k}
      ends=${[1,t.whole?"all":N(m)]}
      text=${`k = ${k}, score ${W(g.top_k)}`}
      onStep=${v=>u(go(v,m))}
      onKey=${d}
    />
    <label class="field"
      ><span class="line"><span>Blend with the mean</span><b>${O(l)}</b></span>
      <input
        type="range"
        id="blend"
        min="0"
        max="1"
        step="0.01"
        value=${l}
        aria-valuetext=${`${O(l)}, score ${W(g.top_k)}`}
        onInput=${v=>{r("top_k"),$(Number(v.target.value))}}
      /><span class="line dim"><span>the mean</span><span>the nearest alone</span></span></label
    >
    ${t.offset&&p`<${$o}
        title="Offset: share left out next to the median"
        kind="offset"
        d=${b.offset}
        drawn=${b}
        at=${f/Math.max(1,t.offset.offset.length-1)*J}
        score=${g.offset}
        ends=${[O(t.offset.offset[0]),O(t.offset.offset.at(-1))]}
        text=${`offset = ${C}, score ${W(g.offset)}`}
        onStep=${v=>{r("offset"),_(Math.round(v/J*(t.offset.offset.length-1)))}}
        onKey=${v=>{r("offset"),_(P=>Math.max(0,Math.min(t.offset.offset.length-1,P+v)))}}
      />`}
    <${Me} text=${q} label="The command that gives this number" id="way-command" />
  </section>`}function kr(e,t){let{offset:n}=e,o=zt(e),s=n?.offset.length??0,r=[];for(let l=0;l<o;l++)r.push(Bt(e,l,t));for(let l=0;l<s;l++)r.push(qt(e,l));r.push(Rt(e));let a=Math.min(...r),i=Math.max(...r),f=(a+i)/2,_=Math.max((i-a)*.55,.05);return a=Math.max(0,f-_),i=Math.min(1,f+_),{low:a,up:i,top_k:o?Wt(o,l=>Ht(l,o),l=>r[l],a,i,ue):"",offset:s?Wt(s,l=>l/Math.max(1,s-1)*J,l=>r[o+l],a,i,ue):""}}function $o({title:e,kind:t,d:n,drawn:o,at:s,score:r,ends:a,text:i,onStep:f,onKey:_}){let l=ue-(r-o.low)/(o.up-o.low)*ue,$={ArrowLeft:-1,ArrowDown:-1,ArrowRight:1,ArrowUp:1,PageDown:-10,PageUp:10},m=u=>{u.key in $&&(u.preventDefault(),_($[u.key]))};return p`<div class=${`curve ${t}`}>
    <label for=${`slide-${t}`}>${e}</label>
    <svg viewBox=${`0 0 ${J} ${ue}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="rule" x1="0" x2=${J} y1="0" y2="0" />
      <line class="rule" x1="0" x2=${J} y1=${ue} y2=${ue} />
      <path d=${n} />
      <line class="cursor" x1=${s} x2=${s} y1="0" y2=${ue} />
      <line class="level" x1="0" x2=${s} y1=${l} y2=${l} />
    </svg>
    <span class="up dim">${O(o.up)}</span><span class="low dim">${O(o.low)}</span>
    <input
      type="range"
      id=${`slide-${t}`}
      min="0"
      max=${J}
      step="any"
      value=${s}
      aria-valuetext=${i}
      onInput=${u=>f(Number(u.target.value))}
      onKeyDown=${m}
    />
    <p class="line dim"><span>${a[0]}</span><b>${i.replace(", score"," →")}</b><span>${a[1]}</span></p>
  </div>`}var ko=new Map,yr="See its score, and why it has it. The image stays on this machine. Enter on a photograph in Cull leads here, too.",wr=64*2**20;function yo({id:e}){let[t,n]=A(""),[o,s]=A(""),[r,a]=A(!1),i=D(null),f=at(e,0),_=h.rows.get(e),l=ko.get(e)??(_===void 0?"":h.name[_]),$=async m=>{if(m){if(m.size>wr)return s("The image is larger than 64 MB: save a smaller one.");s(""),n(m.name||"the image");try{let u=await In("/api/images",m);At(u),ko.set(u.id,m.name||"pasted image"),ce("one",u.id),B(`Score ${W(u.score)}`)}catch(u){u.gone?he(u):s(u.message)}n("")}};return z(()=>{let m=k=>[...k?.files??[]][0],w={paste:k=>{let C=m(k.clipboardData);C&&k.preventDefault(),$(C)},drop:k=>{k.preventDefault(),a(!1),$(m(k.dataTransfer))},dragover:k=>{k.preventDefault(),a(!0)},dragleave:k=>k.relatedTarget===null&&a(!1)};for(let[k,C]of Object.entries(w))addEventListener(k,C);return()=>Object.entries(w).forEach(([k,C])=>removeEventListener(k,C))},[]),z(()=>document.getElementById("content").focus({preventScroll:!0}),[]),p`<main
    id="content"
    class=${`one ${r?"over":""} ${e===null?"start":""}`}
    tabindex="-1"
    aria-label="One image"
  >
    <section class="subject" aria-label="The image">
      ${e!==null&&p`<div class="preview"><${ze} id=${e} wait=${0} alt=${l} /></div>`}
      ${l&&p`<p class="file">${l}</p>`}
      ${_!==void 0&&_===c.current&&p`<div class="doing"><${Ie} /><${Be} /></div>`}
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
          onChange=${m=>{$(m.target.files[0]),m.target.value=""}}
        />
      </div>
      ${o&&p`<p class="warn" role="alert">${o}</p>`}
      ${f&&p`<div class="number">
            <p class="score"><b id="score">${W(f.score)}</b> <span class="dim">${f.curves?.method}</span></p>
          </div>
          <${it} value=${f.opinion} low=${f.low} high=${f.high} />
          <${lt} value=${f.familiarity} />
          <${Me} text=${f.commands?.now} label="The command that gives this score" id="command" />`}
      ${e===null&&p`<p class="dim">${yr}</p>`}
    </section>
    ${f?p`<section class="neighbours" aria-label="Nearest anchors">
              <${xe}
                side="good"
                list=${f.good}
                most=${12}
                pictures=${f.anchors_have_pictures}
                title="Nearest good anchors: rating · weight"
              />
              <${xe}
                side="bad"
                list=${f.bad}
                most=${12}
                pictures=${f.anchors_have_pictures}
                title="Nearest bad anchors: rating · weight"
              />
              ${f.scale&&p`<p class="dim">Ratings: ${f.scale}.</p>`}
            </section>
            <${bo} key=${e} why=${f} />`:e!==null&&p`<p class="empty" role="status">Asking why…</p>`}
  </main>`}var wo={cull:"Cull",one:"One image"};function vo(){let[e,t]=location.hash.slice(1).split("/"),n=t?h.rows.get(Number(t)):void 0;n!==void 0&&y({current:n,moved:!0}),y({view:wo[e]?{name:e,id:t?Number(t):null}:{name:"cull",id:null},large:!1,dialog:""})}var vr=()=>c.theme==="auto"?matchMedia("(prefers-color-scheme: dark)").matches:c.theme==="dark";function xo(){let{theme:e}=c;e==="auto"?delete document.documentElement.dataset.theme:document.documentElement.dataset.theme=e}function xr(){let{server:e,view:t}=c,n=e?.index,o=Jn(),s=vr(),r=`${I(h.n,"photograph")}${h.unlike?` · ${N(h.unlike)} unlike the anchors`:""}`;return p`<header class="top">
    <a class="skip" href="#content" onClick=${Mr}>Skip to the content</a>
    <h1>quasar-index</h1>
    ${n&&p`<p class="pill" title=${n.description}>${n.name} · ${n.method} · ${I(n.n_good+n.n_bad,"anchor")}</p>`}
    <nav aria-label="Views">
      ${Object.entries(wo).map(([a,i])=>p`<a
            key=${a}
            href=${`#${a}`}
            aria-current=${t.name===a?"page":void 0}
            onClick=${f=>a==="one"&&c.current>=0&&(f.preventDefault(),ce("one",h.id[c.current]))}
            >${i}</a
          >`)}
    </nav>
    ${o&&p`<div class="progress">
        <progress max="1" value=${o.share} aria-label="Scoring"></progress><span>${o.text}</span>
      </div>`}
    <div class="right">
      ${!o&&e&&p`<p class="pill counts">${r}</p>`}
      <button type="button" onClick=${()=>y({dialog:"export"})}>Export…</button>
      <button
        type="button"
        class="round"
        aria-label="All keys"
        title="All keys (?)"
        onClick=${()=>y({dialog:"keys"})}
      >
        ?
      </button>
      <button
        type="button"
        class="round"
        aria-label=${s?"Light colours":"Dark colours"}
        title=${s?"Light colours":"Dark colours"}
        onClick=${()=>Y("theme",s?"light":"dark")}
      >
        <${s?Sn:Cn} />
      </button>
    </div>
  </header>`}function Mr(e){e.preventDefault(),(document.getElementById("grid")??document.getElementById("content")).focus()}function Cr(){let e=M.queue.length;return c.problem?p`<div class="problem" role="alert">
    <p>
      ${c.problem}${e?` ${I(e,"change")} of marks ${e===1?"is":"are"} not kept yet.`:""}
    </p>
    <button type="button" onClick=${()=>y({problem:""})}>Dismiss</button>
  </div>`:null}function Sr(){let e=(t,...n)=>p`<span>${n.map(o=>o==="–"?"–":p`<kbd>${o}</kbd>`)} ${t}</span>`;return p`<footer>
    ${c.view.name==="cull"?p`<p class="hints">
            ${e("move","←","→")}${e("pick","P")}${e("reject","X")}${e("undo","U")}
            ${e("stars","1","–","5")}${e("large","Space")}${e("burst","B")}${e("why","Enter")}${e("all keys","?")}
          </p>`:p`<p class="hints">
            ${e("move","←","→")}${e("pick","P")}${e("reject","X")}${e("anchors a side","[","]")}${e("back","Esc")}${e("all keys","?")}
          </p>`}
    <p class="store">
      Nothing is ever
      deleted${c.server&&p` · marks are kept in <span class="path">${c.server.store}</span>`}
    </p>
  </footer>`}function Er(){let[,e]=$e(t=>t+1,0);return z(()=>Wn(e),[]),z(xo,[c.theme]),p`<${xr} /><${Cr} />
    ${c.view.name==="one"?p`<${yo} id=${c.view.id} />`:p`<${co} />`}
    <${Sr} />
    ${c.dialog==="keys"&&p`<${fo} />`} ${c.dialog==="export"&&p`<${ho} />`}
    <p class="hidden" role="status" aria-live="polite" id="said">${c.said}</p>`}xo();vo();addEventListener("hashchange",vo);addEventListener("keydown",ro);matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>y());addEventListener("beforeunload",e=>M.queue.length&&e.preventDefault());gt(p`<${Er} />`,document.getElementById("app"));Zn();
